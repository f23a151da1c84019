// Verify asks the appliance whether a bundle is verified and about an artifact: verify BUNDLE SHA256-HEX.
package main

import (
	"context"
	"encoding/hex"
	"log"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	stellav1 "stellad/api/stella/v1"
)

func main() {
	bundle, err := os.ReadFile(os.Args[1])
	check(err)
	digest, err := hex.DecodeString(os.Args[2])
	check(err)
	conn, err := grpc.NewClient("unix:/run/stella/verify.sock", grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	answer, err := stellav1.NewVerifyServiceClient(conn).Verify(ctx, &stellav1.VerifyRequest{
		Document: bundle,
		Artifact: &stellav1.Artifact{Any: []*stellav1.Digests{{Sha256: digest}}},
	})
	check(err) // an error is never a pass
	if !answer.GetVerified() {
		log.Fatal("NOT VERIFIED - ", answer.GetReason())
	}
	log.Print("VERIFIED - ", answer.GetSigner())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
