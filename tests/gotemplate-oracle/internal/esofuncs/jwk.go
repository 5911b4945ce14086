package esofuncs

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
)

type webKey struct {
	KeyType string `json:"kty"`
	Curve   string `json:"crv"`
	N       string `json:"n"`
	E       string `json:"e"`
	D       string `json:"d"`
	P       string `json:"p"`
	Q       string `json:"q"`
	X       string `json:"x"`
	Y       string `json:"y"`
}

func jwkPublicKeyPEM(text string) (string, error) {
	var key webKey
	if err := json.Unmarshal([]byte(text), &key); err != nil {
		return "", err
	}
	public, err := key.public()
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

func jwkPrivateKeyPEM(text string) (string, error) {
	var key webKey
	if err := json.Unmarshal([]byte(text), &key); err != nil {
		return "", err
	}
	private, err := key.private()
	if err != nil {
		return "", err
	}
	return encodePrivateKey(private)
}

func (k webKey) public() (any, error) {
	switch k.KeyType {
	case "RSA":
		return &rsa.PublicKey{N: integer(k.N), E: int(integer(k.E).Int64())}, nil
	case "EC":
		curve, err := curveNamed(k.Curve)
		if err != nil {
			return nil, err
		}
		return &ecdsa.PublicKey{Curve: curve, X: integer(k.X), Y: integer(k.Y)}, nil
	case "OKP":
		return ed25519.PublicKey(octets(k.X)), nil
	default:
		return nil, fmt.Errorf("unsupported key type %q", k.KeyType)
	}
}

func (k webKey) private() (any, error) {
	if k.D == "" {
		return nil, errors.New("not a private key")
	}
	public, err := k.public()
	if err != nil {
		return nil, err
	}
	switch public := public.(type) {
	case *rsa.PublicKey:
		key := &rsa.PrivateKey{PublicKey: *public, D: integer(k.D), Primes: []*big.Int{integer(k.P), integer(k.Q)}}
		key.Precompute()
		return key, key.Validate()
	case *ecdsa.PublicKey:
		return &ecdsa.PrivateKey{PublicKey: *public, D: integer(k.D)}, nil
	default:
		return ed25519.NewKeyFromSeed(octets(k.D)), nil
	}
}

func curveNamed(name string) (elliptic.Curve, error) {
	switch name {
	case "P-256":
		return elliptic.P256(), nil
	case "P-384":
		return elliptic.P384(), nil
	case "P-521":
		return elliptic.P521(), nil
	default:
		return nil, fmt.Errorf("unsupported curve %q", name)
	}
}

func integer(text string) *big.Int { return new(big.Int).SetBytes(octets(text)) }

// A member that does not decode is empty; the key it makes is then refused.
func octets(text string) []byte {
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return decoded
}
