package hsm

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	"stellad/hsm/hsmpb"
)

// A Client speaks with stellad-hsm.
type Client struct {
	conn *grpc.ClientConn
	rpc  hsmpb.HSMServiceClient
	line line // for signatures
}

// reconnect is how soon a lost connection is tried again: stellad-hsm restarts within a second.
var reconnect = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.5, Jitter: 0.2, MaxDelay: 500 * time.Millisecond},
	MinConnectTimeout: time.Second,
}

// Dial makes a client for the socket at path. It connects with the first call, and again whenever the connection is
// lost; nothing is asked of the socket now.
func Dial(path string) (*Client, error) {
	var dialer net.Dialer
	conn, err := grpc.NewClient("passthrough:hsm",
		grpc.WithTransportCredentials(insecure.NewCredentials()), // no byte leaves the kernel
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", path)
		}),
		grpc.WithConnectParams(reconnect),
		grpc.WithNoProxy(), grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(hsmpb.MaxMessage), grpc.MaxCallSendMsgSize(hsmpb.MaxMessage)),
	)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", path, err)
	}
	rpc := hsmpb.NewHSMServiceClient(conn)
	return &Client{conn: conn, rpc: rpc, line: line{rpc: rpc}}, nil
}

// Close ends the connection; calls under way fail with ErrUnavailable.
func (c *Client) Close() error {
	c.line.close()
	return c.conn.Close()
}

// call makes a call that ends by limit, or by ctx's own deadline where that is sooner: who may take half a minute for all
// of what it does is not kept so long by a token that gives no answer.
func call[Req, Res any](ctx context.Context, limit time.Duration,
	method func(context.Context, *Req, ...grpc.CallOption) (*Res, error), req *Req, verb string, what any,
) (*Res, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	res, err := method(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("%s %v: %w", verb, what, fromWire(ctx, err))
	}
	return res, nil
}

func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if _, set := ctx.Deadline(); set {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, limit)
}

// Status says how the module and the token stand. It is answered at once, whatever they do.
func (c *Client) Status(ctx context.Context) (Status, error) {
	res, err := call(ctx, CallLimit, c.rpc.GetStatus, &hsmpb.GetStatusRequest{}, "ask", "the HSM's status")
	return statusOf(res), err
}

// Tokens lists what the module's slots hold. It works before a login, and without a token of ours.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	res, err := call(ctx, CallLimit, c.rpc.ListTokens, &hsmpb.ListTokensRequest{}, "list", "tokens")
	var tokens []Token
	for _, t := range res.GetTokens() {
		tokens = append(tokens, tokenOf(t))
	}
	return tokens, err
}

// PutObject writes a private data object (CKO_DATA) of 1 to MaxObject bytes into the token, in place of what has the
// label. It is there when the call returns. Where the call fails, there is the old value, or the new one. ErrMechanism
// where the module keeps no data objects; ErrAmbiguous where two have the label.
func (c *Client) PutObject(ctx context.Context, label string, value []byte) error {
	if err := CheckLabel(label); err != nil {
		return err
	}
	_, err := call(ctx, CallLimit, c.rpc.PutObject, &hsmpb.PutObjectRequest{Label: label, Value: value}, "write data object", label)
	return err
}

// GetObject reads a data object: ErrNoObject where there is none, ErrAmbiguous where there are two.
func (c *Client) GetObject(ctx context.Context, label string) ([]byte, error) {
	if err := CheckLabel(label); err != nil {
		return nil, err
	}
	res, err := call(ctx, CallLimit, c.rpc.GetObject, &hsmpb.GetObjectRequest{Label: label}, "read data object", label)
	return res.GetValue(), err
}

// DeleteObject deletes a data object: ErrNoObject where there is none, ErrAmbiguous where there are two.
func (c *Client) DeleteObject(ctx context.Context, label string) error {
	if err := CheckLabel(label); err != nil {
		return err
	}
	_, err := call(ctx, CallLimit, c.rpc.DeleteObject, &hsmpb.DeleteObjectRequest{Label: label}, "delete data object", label)
	return err
}
