package peer

import (
	"net"

	"stellad/access"
	"stellad/internal/peercred"
)

// Of asks the kernel who connected conn, which must be of a Unix socket.
func Of(conn net.Conn) (access.Actor, error) {
	who, err := peercred.Of(conn)
	return access.Actor{UID: who.UID, GID: who.GID, Groups: who.Groups}, err
}
