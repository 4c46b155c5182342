package faults

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// disk is a mounted FUSE file system that passes everything on to a folder,
// until it is told to fail. It remembers what was written to a file since the
// last fsync, so that it can take away from it what a power cut may take.
type disk struct {
	mount, folder string
	server        *fuse.Server

	mu    sync.Mutex
	mode  mode
	free  int64              // bytes that a full disk has, because files shrank or went
	dirty map[string][]write // by path below the folder
}

// mode says how a disk fails.
type mode int

const (
	healthy   mode = iota
	full           // no free space but what the server itself gives up
	syncFails      // fsync fails, and what it should have made durable is not
	readOnly       // as after remount,ro
)

// write is one write that no fsync has followed: what was there before.
type write struct {
	off    int64
	length int
	before []byte // shorter than length where the file grew
}

// newDisk mounts a disk until the test is over. It needs /dev/fuse and root.
func newDisk(t *testing.T) *disk {
	t.Helper()
	d := &disk{mount: t.TempDir(), folder: t.TempDir(), dirty: map[string][]write{}}
	var st syscall.Stat_t
	if err := syscall.Stat(d.folder, &st); err != nil {
		t.Fatal(err)
	}
	root := &fs.LoopbackRoot{Path: d.folder, Dev: st.Dev}
	top := &node{LoopbackNode: fs.LoopbackNode{RootData: root}, disk: d}
	root.RootNode = top
	var err error
	d.server, err = fs.Mount(d.mount, top, &fs.Options{MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "waybill-faults"}})
	if err != nil {
		missing(t, "FUSE as root: "+err.Error())
	}
	t.Cleanup(func() {
		if err := d.server.Unmount(); err != nil {
			t.Errorf("unmount %s: %v", d.mount, err)
		}
	})
	return d
}

// fail switches the way to fail.
func (d *disk) fail(m mode) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mode, d.free = m, 0
}

// refuses returns the error for a change of the file system that needs so many
// bytes more.
func (d *disk) refuses(grow int64) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch d.mode {
	case full:
		if grow > d.free {
			return syscall.ENOSPC
		}
		d.free -= grow
	case readOnly:
		return syscall.EROFS
	}
	return 0
}

// size is the length of a file of the folder.
func (d *disk) size(path string) int64 {
	info, err := os.Lstat(filepath.Join(d.folder, path))
	if err != nil {
		return 0
	}
	return info.Size()
}

// block is what a new folder or name needs.
const block = 4096

// cutPower takes away, of each write that no fsync followed, nothing, all or
// some of its sectors, the latest write first. Nobody may have files open. It
// returns how many writes it took something of.
func (d *disk) cutPower(random *rand.Rand) (torn int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, path := range slices.Sorted(maps.Keys(d.dirty)) {
		f, err := os.OpenFile(filepath.Join(d.folder, path), os.O_RDWR, 0)
		if os.IsNotExist(err) {
			continue // removed since
		}
		if err != nil {
			return torn, err
		}
		list := d.dirty[path]
		for i := len(list) - 1; i >= 0; i-- {
			if list[i].tear(f, random) {
				torn++
			}
		}
		if err := f.Close(); err != nil {
			return torn, err
		}
	}
	clear(d.dirty)
	return torn, nil
}

const sector = 512

// tear undoes the write wholly, sector by sector, or not at all.
func (w *write) tear(f *os.File, random *rand.Rand) bool {
	lost := []float64{0, 0.5, 1}[random.IntN(3)]
	before := make([]byte, w.length) // zeros where the file grew
	copy(before, w.before)
	for at := 0; at < w.length; at += sector {
		if random.Float64() < lost {
			_, _ = f.WriteAt(before[at:min(at+sector, w.length)], w.off+int64(at))
		}
	}
	if lost == 1 && len(w.before) < w.length {
		// The file's new length did not reach the disk either.
		if info, err := f.Stat(); err == nil && info.Size() == w.off+int64(w.length) {
			_ = f.Truncate(w.off + int64(len(w.before)))
		}
	}
	return lost > 0
}

// node is a file or folder of a disk.
type node struct {
	fs.LoopbackNode
	disk *disk
}

// WrapChild implements fs.NodeWrapChilder.
func (n *node) WrapChild(_ context.Context, ops fs.InodeEmbedder) fs.InodeEmbedder {
	return &node{LoopbackNode: fs.LoopbackNode{RootData: ops.(*fs.LoopbackNode).RootData}, disk: n.disk}
}

func (n *node) here() string { return n.Path(n.Root()) }

// Statfs implements fs.NodeStatfser.
func (n *node) Statfs(ctx context.Context, out *fuse.StatfsOut) syscall.Errno {
	errno := n.LoopbackNode.Statfs(ctx, out)
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	if n.disk.mode == full {
		out.Bfree = uint64(n.disk.free) / uint64(out.Bsize)
		out.Bavail = out.Bfree
	}
	return errno
}

// Create implements fs.NodeCreater.
func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	if e := n.disk.refuses(0); e != 0 {
		return nil, nil, 0, e
	}
	inode, h, f, errno := n.LoopbackNode.Create(ctx, name, flags, mode, out)
	if errno == 0 {
		h = &file{h.(*fs.LoopbackFile), n.disk, filepath.Join(n.here(), name)}
	}
	return inode, h, f, errno
}

// Open implements fs.NodeOpener.
func (n *node) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	writes := flags&(syscall.O_WRONLY|syscall.O_RDWR) != 0
	if writes {
		if e := n.disk.refuses(0); e != 0 {
			return nil, 0, e
		}
	}
	if flags&syscall.O_TRUNC != 0 {
		_ = n.disk.refuses(-n.disk.size(n.here()))
	}
	h, f, errno := n.LoopbackNode.Open(ctx, flags)
	if errno == 0 {
		h = &file{h.(*fs.LoopbackFile), n.disk, n.here()}
	}
	return h, f, errno
}

// Mkdir implements fs.NodeMkdirer.
func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if e := n.disk.refuses(block); e != 0 {
		return nil, e
	}
	return n.LoopbackNode.Mkdir(ctx, name, mode, out)
}

// Link implements fs.NodeLinker.
func (n *node) Link(ctx context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if e := n.disk.refuses(0); e != 0 {
		return nil, e
	}
	return n.LoopbackNode.Link(ctx, target, name, out)
}

// Rename implements fs.NodeRenamer.
func (n *node) Rename(ctx context.Context, name string, to fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	if e := n.disk.refuses(0); e != 0 {
		return e
	}
	errno := n.LoopbackNode.Rename(ctx, name, to, newName, flags)
	if errno == 0 {
		from, onto := filepath.Join(n.here(), name), filepath.Join(to.EmbeddedInode().Path(n.Root()), newName)
		n.disk.moved(from, onto)
	}
	return errno
}

func (d *disk) moved(from, onto string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.dirty, onto)
	if list, ok := d.dirty[from]; ok {
		d.dirty[onto] = list
		delete(d.dirty, from)
	}
}

// Unlink implements fs.NodeUnlinker.
func (n *node) Unlink(ctx context.Context, name string) syscall.Errno {
	if e := n.disk.refuses(-n.disk.size(filepath.Join(n.here(), name))); e != 0 {
		return e
	}
	n.disk.mu.Lock()
	delete(n.disk.dirty, filepath.Join(n.here(), name))
	n.disk.mu.Unlock()
	return n.LoopbackNode.Unlink(ctx, name)
}

// Rmdir implements fs.NodeRmdirer.
func (n *node) Rmdir(ctx context.Context, name string) syscall.Errno {
	if e := n.disk.refuses(-block); e != 0 {
		return e
	}
	return n.LoopbackNode.Rmdir(ctx, name)
}

// Setattr implements fs.NodeSetattrer.
func (n *node) Setattr(ctx context.Context, h fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	grow := int64(0)
	if size, ok := in.GetSize(); ok {
		grow = int64(size) - n.disk.size(n.here())
	}
	if e := n.disk.refuses(grow); e != 0 {
		return e
	}
	if f, ok := h.(*file); ok {
		h = f.LoopbackFile
	}
	return n.LoopbackNode.Setattr(ctx, h, in, out)
}

// Getattr implements fs.NodeGetattrer.
func (n *node) Getattr(ctx context.Context, h fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	if f, ok := h.(*file); ok {
		h = f.LoopbackFile
	}
	return n.LoopbackNode.Getattr(ctx, h, out)
}

// file is an open file of a disk.
type file struct {
	*fs.LoopbackFile
	disk *disk
	path string // when it was opened
}

// PassthroughFd keeps the kernel from going round Write.
func (f *file) PassthroughFd() (int, bool) { return 0, false }

// Write implements fs.FileWriter.
func (f *file) Write(ctx context.Context, data []byte, off int64) (uint32, syscall.Errno) {
	if e := f.disk.refuses(max(0, off+int64(len(data))-f.disk.size(f.path))); e != 0 {
		return 0, e
	}
	before := make([]byte, len(data))
	result, errno := f.LoopbackFile.Read(ctx, before, off)
	if errno == 0 {
		b, _ := result.Bytes(before)
		before = append([]byte(nil), b...)
		result.Done()
	} else {
		before = nil // opened for writing only: a new file
	}
	f.disk.mu.Lock()
	f.disk.dirty[f.path] = append(f.disk.dirty[f.path], write{off, len(data), before})
	f.disk.mu.Unlock()
	return f.LoopbackFile.Write(ctx, data, off)
}

// Fsync implements fs.FileFsyncer.
func (f *file) Fsync(ctx context.Context, flags uint32) syscall.Errno {
	f.disk.mu.Lock()
	m := f.disk.mode
	f.disk.mu.Unlock()
	if m == syncFails {
		return syscall.EIO
	}
	errno := f.LoopbackFile.Fsync(ctx, flags)
	if errno == 0 {
		f.disk.mu.Lock()
		delete(f.disk.dirty, f.path)
		f.disk.mu.Unlock()
	}
	return errno
}

// Allocate implements fs.FileAllocater.
func (f *file) Allocate(ctx context.Context, off, size uint64, mode uint32) syscall.Errno {
	if e := f.disk.refuses(int64(size)); e != 0 {
		return e
	}
	return f.LoopbackFile.Allocate(ctx, off, size, mode)
}
