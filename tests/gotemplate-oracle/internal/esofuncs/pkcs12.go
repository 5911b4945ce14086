package esofuncs

import (
	"crypto/x509"
	"encoding/base64"
	"errors"

	"software.sslmate.com/src/go-pkcs12"
)

func pkcs12Key(password, store string) (string, error) {
	key, _, _, err := pkcs12.DecodeChain([]byte(store), password)
	if err != nil {
		return "", err
	}
	return encodePrivateKey(key)
}

func pkcs12Certs(password, store string) (string, error) {
	_, leaf, authorities, err := pkcs12.DecodeChain([]byte(store), password)
	if err != nil {
		return "", err
	}
	return encode(ordered(append([]*x509.Certificate{leaf}, authorities...))), nil
}

func pemToPKCS12(certText, keyText, password string) (string, error) {
	return encodeStore(certText, keyText, password, false)
}

func fullPEMToPKCS12(certText, keyText, password string) (string, error) {
	return encodeStore(certText, keyText, password, true)
}

func encodeStore(certText, keyText, password string, withChain bool) (string, error) {
	certs, err := certificates(certText)
	if err != nil {
		return "", err
	}
	if len(certs) == 0 {
		return "", errors.New("no certificate found")
	}
	key, err := privateKey(keyText)
	if err != nil {
		return "", err
	}
	var authorities []*x509.Certificate
	if withChain {
		authorities = certs[1:]
	}
	store, err := pkcs12.Modern.Encode(key, certs[0], authorities, password)
	return base64.StdEncoding.EncodeToString(store), err
}

func trustStore(certText, password string) (string, error) {
	certs, err := certificates(certText)
	if err != nil {
		return "", err
	}
	store, err := pkcs12.Modern.EncodeTrustStore(certs, password)
	return base64.StdEncoding.EncodeToString(store), err
}
