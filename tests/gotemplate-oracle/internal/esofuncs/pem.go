package esofuncs

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

const (
	certificateType = "CERTIFICATE"
	privateKeyType  = "PRIVATE KEY"
)

func blocks(text string) []*pem.Block {
	var found []*pem.Block
	rest := []byte(text)
	for {
		block, remaining := pem.Decode(rest)
		if block == nil {
			return found
		}
		found = append(found, block)
		rest = remaining
	}
}

func encode(certs []*x509.Certificate) string {
	var out bytes.Buffer
	for _, cert := range certs {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: certificateType, Bytes: cert.Raw}))
	}
	return out.String()
}

func certificates(text string) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for _, block := range blocks(text) {
		if block.Type != certificateType {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

func filterPEM(wanted, text string) string {
	var out bytes.Buffer
	for _, block := range blocks(text) {
		if block.Type == wanted {
			out.Write(pem.EncodeToMemory(block))
		}
	}
	return out.String()
}

func filterCertChain(part, text string) (string, error) {
	certs, err := certificates(text)
	if err != nil {
		return "", err
	}
	var picked []*x509.Certificate
	for _, cert := range certs {
		if chainPart(cert, certs) == part {
			picked = append(picked, cert)
		}
	}
	switch part {
	case "leaf":
		if len(picked) > 1 {
			return "", errors.New("more than one leaf certificate")
		}
	case "intermediate", "root":
	default:
		return "", fmt.Errorf("unknown certificate kind %q", part)
	}
	return encode(picked), nil
}

func chainPart(cert *x509.Certificate, all []*x509.Certificate) string {
	if selfIssued(cert) {
		return "root"
	}
	for _, other := range all {
		if other != cert && bytes.Equal(other.AuthorityKeyId, cert.SubjectKeyId) && len(cert.SubjectKeyId) > 0 {
			return "intermediate"
		}
	}
	if cert.IsCA {
		return "intermediate"
	}
	return "leaf"
}

func selfIssued(cert *x509.Certificate) bool {
	if len(cert.AuthorityKeyId) == 0 {
		return bytes.Equal(cert.RawIssuer, cert.RawSubject)
	}
	return bytes.Equal(cert.AuthorityKeyId, cert.SubjectKeyId)
}

func certSANs(text string) ([]string, error) {
	certs, err := certificates(text)
	if err != nil {
		return nil, err
	}
	if len(certs) == 0 {
		return nil, errors.New("no certificate found")
	}
	leaf := certs[0]
	names := append([]string{}, leaf.DNSNames...)
	for _, address := range leaf.IPAddresses {
		names = append(names, address.String())
	}
	names = append(names, leaf.EmailAddresses...)
	for _, uri := range leaf.URIs {
		names = append(names, uri.String())
	}
	return names, nil
}

// ordered puts a single chain leaf first; anything else keeps its order.
func ordered(certs []*x509.Certificate) []*x509.Certificate {
	for _, start := range certs {
		chain := []*x509.Certificate{start}
		for next := issuer(start, certs); next != nil && len(chain) < len(certs); next = issuer(next, certs) {
			chain = append(chain, next)
		}
		if len(chain) == len(certs) {
			return chain
		}
	}
	return certs
}

func issuer(cert *x509.Certificate, all []*x509.Certificate) *x509.Certificate {
	for _, other := range all {
		if other != cert && bytes.Equal(other.RawSubject, cert.RawIssuer) && cert.CheckSignatureFrom(other) == nil {
			return other
		}
	}
	return nil
}

func privateKey(text string) (any, error) {
	for _, block := range blocks(text) {
		if !strings.HasSuffix(block.Type, privateKeyType) {
			continue
		}
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		return x509.ParseECPrivateKey(block.Bytes)
	}
	return nil, errors.New("no private key found")
}

func encodePrivateKey(key any) (string, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: privateKeyType, Bytes: der})), nil
}
