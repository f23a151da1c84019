package worker

import "stellad/policy/engine"

// Check compiles a bundle in a process that is there for it alone, and tells what it is. Errors are those of Decide.
func (c Command) Check(bundle []byte) (*Summary, error) {
	answer, err := c.alone(&request{Op: opLoad, Bundle: bundle})
	if err != nil {
		return nil, err
	}
	return answer.Summary, nil
}

// Test runs a bundle's own tests in a process that is there for them alone.
func (c Command) Test(bundle []byte) ([]engine.Test, error) {
	answer, err := c.alone(&request{Op: opTest, Bundle: bundle})
	if err != nil {
		return nil, err
	}
	return answer.Tests, nil
}

// Decide asks a bundle that is not the one in use.
func (c Command) Decide(bundle []byte, f *Facts, more map[string]any) ([]byte, error) {
	p, err := c.start()
	if err != nil {
		return nil, err
	}
	defer p.kill()
	if _, err := p.call(&request{Op: opLoad, Bundle: bundle}, Patience); err != nil {
		return nil, err
	}
	return p.decide(f, more)
}

func (c Command) alone(r *request) (*reply, error) {
	p, err := c.start()
	if err != nil {
		return nil, err
	}
	defer p.kill()
	return p.call(r, Patience)
}
