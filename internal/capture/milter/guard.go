package milter

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// maxFrame is the longest frame taken: body pieces have at most 1 MiB (with
// SMFIP_MDS_1M), all else 64 KiB.
const maxFrame = 2 << 20

// guarded is a listener whose connections hand on only frames that the protocol
// library can take apart. It indexes into frames without looking at their
// length, and a panic in its goroutine would end the whole process.
type guarded struct{ net.Listener }

func (g guarded) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &guardedConn{Conn: conn}, nil
}

// guardedConn reads whole frames: a length of four bytes, a command, its data.
type guardedConn struct {
	net.Conn
	frame []byte
}

func (c *guardedConn) Read(p []byte) (int, error) {
	if len(c.frame) == 0 {
		if err := c.readFrame(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.frame)
	c.frame = c.frame[n:]
	return n, nil
}

func (c *guardedConn) readFrame() error {
	var length [4]byte
	if _, err := io.ReadFull(c.Conn, length[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n == 0 || n > maxFrame {
		return fmt.Errorf("milter frame of %d bytes", n)
	}
	frame := make([]byte, 4+n)
	copy(frame, length[:])
	if _, err := io.ReadFull(c.Conn, frame[4:]); err != nil {
		return err
	}
	if err := checkFrame(frame[4], frame[5:]); err != nil {
		return err
	}
	c.frame = frame
	return nil
}

var errFrame = errors.New("malformed milter frame")

// checkFrame checks the strings that commands begin with.
func checkFrame(command byte, data []byte) error {
	end := bytes.IndexByte(data, 0)
	switch command {
	case 'C': // host name, family, then a port and an address
		if end < 0 || len(data) < end+2 {
			return errFrame
		}
		if family := data[end+1]; family != 'U' && len(data) < end+5 {
			return errFrame
		}
	case 'M', 'R', 'H': // sender, recipient, HELO name
		if end < 0 {
			return errFrame
		}
	case 'D': // which command the macros are for
		if len(data) == 0 {
			return errFrame
		}
	}
	return nil
}
