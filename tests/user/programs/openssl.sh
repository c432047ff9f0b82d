#!/bin/bash
# SPDX-License-Identifier: MIT
seq 1 30000 >data
for d in md5 sha1 sha224 sha256 sha384 sha512 sha3-256 blake2b512 sm3 ripemd160; do openssl dgst -$d data; done; openssl dgst -sha256 -hmac key data
for c in aes-128-cbc aes-256-ctr aes-192-ecb chacha20 camellia-256-cbc aria-128-ctr; do openssl enc -$c -K 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f -iv 000102030405060708090a0b0c0d0e0f -in data 2>/dev/null | tee enc | openssl dgst -sha256; openssl enc -d -$c -K 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f -iv 000102030405060708090a0b0c0d0e0f -in enc 2>/dev/null | cmp - data && echo "$c round trip"; done
openssl enc -aes-256-cbc -pbkdf2 -pass pass:secret -in data -out enc && openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:secret -in enc | cmp - data && echo pbkdf2; openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:wrong -in enc >/dev/null 2>&1 || echo refused
openssl genrsa -out key.pem 2048 2>/dev/null && openssl rsa -in key.pem -check -noout 2>&1; openssl dgst -sha256 -sign key.pem -out sig data; openssl rsa -in key.pem -pubout -out pub.pem 2>/dev/null; openssl dgst -sha256 -verify pub.pem -signature sig data
openssl ecparam -name prime256v1 -genkey -noout -out ec.pem; openssl dgst -sha256 -sign ec.pem -out sig data; openssl ec -in ec.pem -pubout -out ecpub.pem 2>/dev/null; openssl dgst -sha256 -verify ecpub.pem -signature sig data
openssl genpkey -algorithm ed25519 -out ed.pem && openssl pkeyutl -sign -inkey ed.pem -rawin -in data -out sig && openssl pkeyutl -verify -inkey ed.pem -rawin -in data -sigfile sig
openssl req -x509 -new -key key.pem -subj /CN=example -days 10 -out cert.pem && openssl x509 -in cert.pem -noout -subject && openssl verify -CAfile cert.pem cert.pem; openssl req -new -key ec.pem -subj /CN=leaf -out csr.pem && openssl x509 -req -in csr.pem -CA cert.pem -CAkey key.pem -days 5 -out leaf.pem 2>/dev/null && openssl verify -CAfile cert.pem leaf.pem
openssl prime 1000000007; openssl rand -hex 8 | wc -c; openssl base64 <<<backplane; openssl asn1parse -in pub.pem | head -n 3; openssl kdf -keylen 16 -kdfopt digest:SHA256 -kdfopt key:k -kdfopt salt:s -kdfopt info:i HKDF
openssl s_server -accept 127.0.0.1:0 -cert cert.pem -key key.pem -naccept 1 -www >server 2>&1 & s=$!
until port=$(sed -n 's/^ACCEPT.*://p' server) && [ "$port" ] || ! kill -0 $s; do sleep 0.1; done
printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect 127.0.0.1:$port -CAfile cert.pem -quiet -verify_return_error 2>/dev/null | head -n 1 | tr -d '\r'; kill $s 2>/dev/null; wait $s 2>/dev/null; echo tls
