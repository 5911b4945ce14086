// Package esofuncs builds, from their documented behaviour and on standard
// libraries, the template functions that External Secrets adds to sprig.
package esofuncs

import (
	"encoding/hex"
	"text/template"
)

// Functions maps each added name to its implementation.
func Functions() template.FuncMap {
	return template.FuncMap{
		"hexdec":                    hexDecode,
		"toYaml":                    toYAML,
		"fromYaml":                  fromYAML,
		"filterPEM":                 filterPEM,
		"filterCertChain":           filterCertChain,
		"certSANs":                  certSANs,
		"jwkPublicKeyPem":           jwkPublicKeyPEM,
		"jwkPrivateKeyPem":          jwkPrivateKeyPEM,
		"rsaDecrypt":                rsaDecrypt,
		"pkcs12key":                 func(store string) (string, error) { return pkcs12Key("", store) },
		"pkcs12keyPass":             pkcs12Key,
		"pkcs12cert":                func(store string) (string, error) { return pkcs12Certs("", store) },
		"pkcs12certPass":            pkcs12Certs,
		"pemToPkcs12":               func(certs, key string) (string, error) { return pemToPKCS12(certs, key, "") },
		"pemToPkcs12Pass":           pemToPKCS12,
		"fullPemToPkcs12":           func(certs, key string) (string, error) { return fullPEMToPKCS12(certs, key, "") },
		"fullPemToPkcs12Pass":       fullPEMToPKCS12,
		"pemTruststoreToPKCS12":     func(certs string) (string, error) { return trustStore(certs, "") },
		"pemTruststoreToPKCS12Pass": trustStore,
	}
}

// Like sprig's decoders, a text that does not decode yields the complaint.
func hexDecode(text string) string {
	decoded, err := hex.DecodeString(text)
	if err != nil {
		return err.Error()
	}
	return string(decoded)
}
