package hsm

// Status says how the module and the token stand.
type Status struct {
	Backend    string // "pkcs11", or SoftBackend
	Module     string // path of the library, or of the key file
	Library    string // the module's description of itself, with its version
	Token      *Token // nil while there is none
	Mechanisms []string
	LoggedIn   bool
	LastError  string // why it is out of service, or was last, with an explanation where there is one

	Sessions     int
	SessionsHung int    // whose call did not come back by its deadline
	Signatures   uint64 // since the start of stellad-hsm
	Reconnects   uint64 // since then: how often the module was initialised anew
}

// SoftBackend is what Status.Backend says of keys in a file.
const SoftBackend = "soft: NOT an HSM"

// A Token is what a slot holds.
type Token struct {
	Slot                             uint64 // the slot's ID
	Label, Serial                    string
	Manufacturer, Model              string
	Initialised                      bool
	PINCountLow, PINFinalTry, Locked bool // the token's own flags of its user PIN
	Selected                         bool // it is the one in use
}
