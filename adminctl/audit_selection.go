package main

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	stellav1 "stellad/api/stella/v1"
	"stellad/internal/cli"
)

// auditSelection says on the command line which records are meant.
type auditSelection struct {
	since, until, actor, kind, method, target, outcome string
}

func (s *auditSelection) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&s.since, "since", "", "records of this `time` and later")
	flags.StringVar(&s.until, "until", "", "records from before this `time`")
	flags.StringVar(&s.actor, "actor", "", "what this `user` did, a name of this machine's or uid:N")
	flags.StringVar(&s.kind, "type", "", "records of this `type`, such as denial, call, policy or start")
	flags.StringVar(&s.method, "method", "", "calls of this `method`, whole or its last part, such as Reload")
	flags.StringVar(&s.target, "target", "", "what was done to this `target`, an ID or a digest, whole")
	flags.StringVar(&s.outcome, "outcome", "", "what ended so: an `outcome` such as ok, denied or failed")
}

// request asks for the selection; now is what durations go back from.
func (s auditSelection) request(now time.Time) (*stellav1.ListRecordsRequest, error) {
	req := &stellav1.ListRecordsRequest{Type: s.kind, Method: s.method, Target: s.target, Outcome: s.outcome}
	var err error
	if req.Since, err = moment("--since", s.since, now); err != nil {
		return nil, err
	}
	if req.Until, err = moment("--until", s.until, now); err != nil {
		return nil, err
	}
	if req.Since != nil && req.Until != nil && !req.Since.AsTime().Before(req.Until.AsTime()) {
		return nil, cli.BadInput(errors.New("--since is not before --until: no record can be between them"))
	}
	if s.actor != "" {
		uid, err := uidOf(s.actor)
		if err != nil {
			return nil, cli.BadInput(fmt.Errorf("--actor: %w", err))
		}
		req.Uid = &uid
	}
	return req, nil
}

// moment gives nil where the option was left out.
func moment(flag, text string, now time.Time) (*timestamppb.Timestamp, error) {
	if text == "" {
		return nil, nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return timestamppb.New(t), nil
		}
	}
	back, err := ago(text)
	if err != nil {
		return nil, cli.BadInput(fmt.Errorf("%s %s: not a time such as 2026-03-01T08:00:00Z, a day such as 2026-03-01, or how long ago: 90m, 2h, 7d", flag, text))
	}
	return timestamppb.New(now.Add(-back)), nil
}

// ago reads a number of days, which Go's durations lack, or a duration.
func ago(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16) // 179 years: a Duration holds 292
		return time.Duration(n) * 24 * time.Hour, err
	}
	back, err := time.ParseDuration(text)
	if back < 0 {
		err = errors.New("to come")
	}
	return back, err
}

// uidOf finds a user's number where the daemon's users are: on this machine. A record has numbers alone.
func uidOf(name string) (uint32, error) {
	digits, numeric := strings.CutPrefix(name, "uid:")
	if !numeric {
		u, err := user.Lookup(name)
		if err != nil {
			return 0, fmt.Errorf("this machine knows no user %s; uid:N names a number", name)
		}
		digits = u.Uid
	}
	uid, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%s: not the number of a user, as in uid:1000", name)
	}
	return uint32(uid), nil
}
