package attest

import "fmt"

// artifact finds the artifact at hand among what was signed.
func (c *chain) artifact() (State, string, error) {
	if c.want.Artifact == nil {
		c.lack("that any artifact at hand is the one that was signed: none was given")
		return Absent, "none was given", nil
	}
	if c.want.Artifact.Flaw != nil {
		return "", "", fmt.Errorf("%s: %w", c.want.Artifact.Name, c.want.Artifact.Flaw)
	}
	match, err := c.match()
	if err != nil {
		return "", "", err
	}
	c.established.Artifact = match
	if others := c.want.Artifact.besides(match); others != "" {
		c.lack("that the other digests in the file are signed: " + others)
	}
	return Held, fmt.Sprintf("%s, which is signed", c.want.Artifact.has()), nil
}

func (c *chain) match() (*Match, error) {
	if c.established.Subjects == nil {
		stated := c.doc.bundle.GetMessageSignature().GetMessageDigest().GetDigest()
		if found := c.want.Artifact.signedAs(c.signedHash, stated); found != nil {
			return found, nil
		}
		return nil, fmt.Errorf("%s, which is not what is signed", c.want.Artifact.has())
	}
	if found := c.want.Artifact.Among(c.established.Subjects); found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("%s, which is no subject of the statement", c.want.Artifact.has())
}
