// Calls every operation of the sandbox that go-auth0 has a method for.
//
// go-auth0 v1 is what the Terraform provider and the official Pulumi plugin are made of; v2 is
// generated from Auth0's OpenAPI. Usage: clients v1|v2 unified|legacy|limited, with AUTH0_DOMAIN,
// AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET and SSL_CERT_FILE in the environment. It prints one line of
// JSON a step and judges nothing: tests/clients/test_go_auth0.py does.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		stop("usage: clients v1|v2 unified|legacy|limited")
	}
	parts := map[string]map[string]func(*journal){
		"v1": {"unified": unifiedV1, "legacy": legacyV1, "limited": limitedV1},
		"v2": {"unified": unifiedV2, "legacy": legacyV2},
	}
	run, known := parts[os.Args[1]][os.Args[2]]
	if !known {
		stop("unknown: " + os.Args[1] + " " + os.Args[2])
	}
	run(newJournal())
}

func stop(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(2)
}

func environment(name string) string {
	found := os.Getenv(name)
	if found == "" {
		stop(name + " is not set")
	}
	return found
}

func must(err error) {
	if err != nil {
		stop(err.Error())
	}
}
