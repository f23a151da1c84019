package daemon

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	stellav1 "stellad/api/stella/v1"
	"stellad/hsm"
	"stellad/store"
)

// Doctor looks at what an appliance stands on, before genesis too.
func (s *statusService) Doctor(ctx context.Context, _ *stellav1.DoctorRequest) (*stellav1.DoctorResponse, error) {
	d := s.daemon
	resp := &stellav1.DoctorResponse{Examinations: d.examineToken(ctx)}
	resp.Examinations = append(resp.Examinations, d.examineKeys(), d.examineClock(), d.examineDisk(), d.examineTrust())
	return resp, nil
}

func well(name, found string, args ...any) *stellav1.Examination {
	return &stellav1.Examination{Name: name, Ok: true, Found: oneLine(fmt.Sprintf(found, args...))}
}

func ill(name, advice, found string, args ...any) *stellav1.Examination {
	return &stellav1.Examination{Name: name, Found: oneLine(fmt.Sprintf(found, args...)), Advice: advice}
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", "; ") }

// examineToken looks at the module, its token, and what the token can do.
func (d *Daemon) examineToken(ctx context.Context) []*stellav1.Examination {
	if d.token == nil {
		return []*stellav1.Examination{ill("module", "set hsm in stellad.toml and run stellad-hsm; without keys the appliance signs nothing", "no hsm is configured")}
	}
	ctx, cancel := context.WithTimeout(ctx, hsm.SignLimit)
	defer cancel()
	status, err := d.token.Status(ctx)
	if err != nil {
		return []*stellav1.Examination{ill("module", "systemctl status stellad-hsm; its socket and its user must be stellad's", "%v", err)}
	}
	all := []*stellav1.Examination{well("module", "%s: %s %s", status.Backend, status.Library, status.Module)}
	if status.Backend == hsm.SoftBackend {
		all[0] = ill("module", "take a PKCS#11 module, but for trials", "keys are in a file: this is NOT an HSM")
	}
	switch {
	case status.Token == nil:
		all = append(all, ill("token", "stellad-hsm check --config /etc/stella/stellad-hsm.toml, as its user, says why", "%s", status.LastError))
	case !status.LoggedIn:
		all = append(all, ill("token", "give stellad-hsm the right PIN and restart it", "token:%s is there, and nobody is logged in: %s", status.Token.Label, status.LastError))
	case status.Token.PINFinalTry || status.Token.Locked:
		all = append(all, ill("token", "reset the PIN with the token's own tool", "token:%s: one more wrong PIN locks it, or it is locked", status.Token.Label))
	default:
		all = append(all, well("token", "token:%s serial:%s slot %d, %d sessions, %d hung", status.Token.Label, status.Token.Serial, status.Token.Slot, status.Sessions, status.SessionsHung))
	}
	return append(all, well("mechanisms", "%s", strings.Join(status.Mechanisms, " ")))
}

func (d *Daemon) examineKeys() *stellav1.Examination {
	part := d.keysPart()
	if part.GetOk() {
		return well("keys", "%s", part.GetState())
	}
	return ill("keys", "wait until the token is in service; systemctl status stellad stellad-hsm", "%s", part.GetState())
}

// sane is before when no clock can be: this code is younger.
var sane = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (d *Daemon) examineClock() *stellav1.Examination {
	now := time.Now().UTC()
	const advice = "set the clock; then adminctl time accept, where the audit log says that it went back"
	if l := d.ledger.Load(); l != nil && l.ClockDoubtful() {
		return ill("clock", advice, "%s, which is before the audit log's last record", now.Format(time.RFC3339))
	}
	if now.Before(sane) {
		return ill("clock", advice, "%s", now.Format(time.RFC3339))
	}
	return well("clock", "%s", now.Format(time.RFC3339))
}

func (d *Daemon) examineDisk() *stellav1.Examination {
	var s unix.Statfs_t
	if err := unix.Statfs(d.config.State, &s); err != nil {
		return ill("disk", "look at the disk of "+d.config.State, "%v", err)
	}
	free, floor := int64(s.Bavail)*s.Bsize, int64(store.DefaultFloor+store.DefaultBallast) //nolint:gosec // no disk is that large
	if free < 2*floor {
		return ill("disk", "make room: below the floor nothing is recorded, so nothing is done", "%d MiB are free, the floor is %d MiB", free>>20, floor>>20)
	}
	return well("disk", "%d MiB are free", free>>20)
}

func (d *Daemon) examineTrust() *stellav1.Examination {
	if s := d.judge.State(); s.Refused != nil {
		return ill("trust", "adminctl trust show says what is wrong with "+d.config.Trust, "%v", s.Refused)
	}
	return well("trust", "%s", d.judge.State().TrustLine())
}

// keysPart says whether the keys are where they should be.
func (d *Daemon) keysPart() *stellav1.Part {
	if d.token == nil {
		return &stellav1.Part{Name: "keys", Ok: true, State: "none: no hsm is configured, and the audit key is in a file"}
	}
	if why := d.waits.Load(); why != nil {
		return &stellav1.Part{Name: "keys", State: oneLine(fmt.Sprintf("wait: %v", *why))}
	}
	s := d.signs.Load()
	if s == nil {
		return &stellav1.Part{Name: "keys", State: "made at genesis"}
	}
	all, err := s.List()
	if err != nil {
		return &stellav1.Part{Name: "keys", State: oneLine(err.Error())}
	}
	active := 0
	for _, e := range all {
		if e.State() == "active" {
			active++
		}
	}
	return &stellav1.Part{Name: "keys", Ok: active > 0, State: fmt.Sprintf("%d active, %d in all", active, len(all))}
}

// hsmPart says how the token stands, by its own word.
func (d *Daemon) hsmPart(ctx context.Context) *stellav1.Part {
	if d.token == nil {
		return &stellav1.Part{Name: "hsm", Ok: true, State: "none is configured"}
	}
	ctx, cancel := context.WithTimeout(ctx, hsm.SignLimit)
	defer cancel()
	status, err := d.token.Status(ctx)
	switch {
	case errors.Is(err, hsm.ErrUnavailable):
		return &stellav1.Part{Name: "hsm", State: oneLine("unavailable: " + err.Error())}
	case err != nil:
		return &stellav1.Part{Name: "hsm", State: oneLine(err.Error())}
	case status.Token == nil:
		return &stellav1.Part{Name: "hsm", State: oneLine("no token: " + status.LastError)}
	}
	state := fmt.Sprintf("token:%s, %d signatures", status.Token.Label, status.Signatures)
	if status.Backend == hsm.SoftBackend {
		state = "keys are in a file: this is NOT an HSM; " + state
	}
	return &stellav1.Part{Name: "hsm", Ok: status.LoggedIn, State: state}
}
