package keys

import "context"

// Present looks whether the token has each active key, and has it once. Of one that it has not, the error is that of Lost.
func (r *Registry) Present(ctx context.Context) error {
	all, err := r.List()
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.State() != Active {
			continue
		}
		if _, err := r.token.Find(ctx, e.Reference()); err != nil {
			return Lost(err)
		}
	}
	return nil
}
