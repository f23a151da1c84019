package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"stellad/access"
	"stellad/daemon/config"
	"stellad/internal/durable"
)

// Init makes an appliance of an installation: the access policy first, which it leaves alone where there is one, and the
// record of genesis last. A crash between the two leaves an appliance that is not initialised; the same Init again goes
// on from there. It returns what it did, a line each. Errors of what it was given wrap ErrGenesis or
// access.ErrUnknownUser.
func Init(c config.Config, name string, admins []string) (done []string, err error) {
	if err := ValidName(name); err != nil {
		return nil, err
	}
	before, err := ReadGenesis(c.State)
	if err != nil {
		return nil, err
	}
	if before != nil && before.Name != name {
		return nil, fmt.Errorf("%w: this appliance is %s already, and a name is never changed", ErrGenesis, before.Name)
	}
	policy, err := firstAccess(c.Access, admins)
	if err != nil {
		return nil, err
	}
	if before != nil {
		return []string{policy, fmt.Sprintf("%s is initialised already", name)}, nil
	}
	if err := writeGenesis(c.State, Genesis{Name: name, Time: time.Now().UTC().Truncate(time.Second)}, durable.Create); err != nil {
		return nil, err
	}
	return []string{policy, fmt.Sprintf("%s is initialised; `systemctl reload stellad` has the daemon know", name)}, nil
}

// firstAccess writes the policy file. Administrators that come too late for it are said, not dropped.
func firstAccess(name string, admins []string) (line string, err error) {
	text, err := access.Genesis(admins)
	if err != nil {
		return "", err
	}
	err = durable.Create(name, text, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist) && len(admins) > 0:
		return fmt.Sprintf("%s is there already and is left as it is: see that it has the administrators that you want", name), nil
	case errors.Is(err, fs.ErrExist):
		return fmt.Sprintf("%s is there already and is left as it is", name), nil
	}
	return "wrote " + name, err
}

// Check tells why a daemon of this configuration would not start. It changes nothing.
func Check(c config.Config) error {
	if _, err := ReadGenesis(c.State); err != nil {
		return err
	}
	catalog, err := Catalog()
	if err != nil {
		return err
	}
	_, err = access.NewKeeper(c.Access, catalog, uint32(os.Geteuid()), access.Mark{}, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // before genesis
	}
	return err
}
