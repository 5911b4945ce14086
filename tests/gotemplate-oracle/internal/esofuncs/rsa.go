package esofuncs

import (
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
)

func rsaDecrypt(scheme, hashName, data, keyText string) (string, error) {
	if scheme != "None" && scheme != "RSA-OAEP" {
		return "", fmt.Errorf("unsupported decryption scheme %q", scheme)
	}
	key, err := privateKey(keyText)
	if err != nil {
		return "", err
	}
	rsaKey, isRSA := key.(*rsa.PrivateKey)
	if !isRSA {
		return "", errors.New("not an RSA private key")
	}
	digest, err := digestNamed(hashName)
	if err != nil {
		return "", err
	}
	plain, err := rsa.DecryptOAEP(digest, nil, rsaKey, []byte(data), nil)
	return string(plain), err
}

func digestNamed(name string) (hash.Hash, error) {
	switch name {
	case "None", "SHA256":
		return sha256.New(), nil
	case "SHA1":
		return sha1.New(), nil
	case "SHA512":
		return sha512.New(), nil
	default:
		return nil, fmt.Errorf("unsupported hash %q", name)
	}
}
