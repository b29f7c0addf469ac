module phonemfa.test/clients

go 1.25.0

require github.com/auth0/go-auth0 v1.45.0
