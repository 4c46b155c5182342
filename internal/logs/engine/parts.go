package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/encoding"
)

// The library opens every part at start and panics at the first that is damaged,
// in a goroutine of its own. What it would panic at is looked for beforehand:
//
//	storage/partitions/DAY/indexdb/{parts.json,PART/...}
//	storage/partitions/DAY/datadb/{parts.json,PART/...}
//
// It has no checksums. A part whose files are not all there, or not as long as
// the part says, or whose lists do not unpack, is found here. A byte changed
// inside a block is found when the block is read; see probe.go.

// readPartNames reads a parts.json. Without one, or with one that cannot be
// read, a folder is good only if it has no parts.
func readPartNames(folder string) ([]string, error) {
	data, err := os.ReadFile(filepath.Join(folder, "parts.json"))
	if errors.Is(err, fs.ErrNotExist) && !hasFolders(folder) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	if err := json.Unmarshal(data, &names); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(folder, "parts.json"), err)
	}
	for _, name := range names {
		if _, err := strconv.ParseUint(name, 16, 64); err != nil {
			return nil, fmt.Errorf("%s names the part %q", filepath.Join(folder, "parts.json"), name)
		}
	}
	return names, nil
}

func hasFolders(folder string) bool {
	list, err := os.ReadDir(folder)
	return err != nil || slices.ContainsFunc(list, fs.DirEntry.IsDir)
}

// dataHeader is a data part's metadata.json.
type dataHeader struct {
	FormatVersion          uint
	CompressedSizeBytes    uint64
	RowsCount              uint64
	BlocksCount            uint64
	MinTimestamp           int64
	MaxTimestamp           int64
	BloomValuesShardsCount uint64
}

// checkDataPart returns what is wrong with a data part as far as its lists tell.
func checkDataPart(folder string) error {
	var h dataHeader
	if err := readHeader(folder, &h); err != nil {
		return err
	}
	if h.FormatVersion != 3 || h.BloomValuesShardsCount > 1024 || h.BlocksCount > h.RowsCount || h.MinTimestamp > h.MaxTimestamp {
		return fmt.Errorf("%s: %+v cannot be", filepath.Join(folder, "metadata.json"), h)
	}
	files := []string{"column_names.bin", "column_idxs.bin", "metaindex.bin", "index.bin", "columns_header_index.bin",
		"columns_header.bin", "timestamps.bin", "message_bloom.bin", "message_values.bin"}
	for i := range h.BloomValuesShardsCount {
		files = append(files, fmt.Sprint("bloom.bin", i), fmt.Sprint("values.bin", i))
	}
	size, err := sizeOf(folder, files)
	if err != nil {
		return err
	}
	if size != h.CompressedSizeBytes {
		return fmt.Errorf("%s: its files have %d bytes, it was written with %d", folder, size, h.CompressedSizeBytes)
	}
	return unpack(folder, "column_names.bin", "metaindex.bin")
}

// indexHeader is an index part's metadata.json.
type indexHeader struct {
	ItemsCount, BlocksCount uint64
	FirstItem, LastItem     string
}

// checkIndexPart returns what is wrong with an index part as far as its lists tell.
func checkIndexPart(folder string) error {
	var h indexHeader
	if err := readHeader(folder, &h); err != nil {
		return err
	}
	if h.ItemsCount == 0 || h.BlocksCount == 0 || h.BlocksCount > h.ItemsCount {
		return fmt.Errorf("%s: %+v cannot be", filepath.Join(folder, "metadata.json"), h)
	}
	if _, err := sizeOf(folder, []string{"metaindex.bin", "index.bin", "items.bin", "lens.bin"}); err != nil {
		return err
	}
	return unpack(folder, "metaindex.bin")
}

func readHeader(folder string, h any) error {
	name := filepath.Join(folder, "metadata.json")
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, h); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func sizeOf(folder string, files []string) (uint64, error) {
	sum := uint64(0)
	for _, f := range files {
		info, err := os.Stat(filepath.Join(folder, f))
		if err != nil {
			return 0, err
		}
		sum += uint64(info.Size())
	}
	return sum, nil
}

// unpack makes sure that files unpack, and have something in them.
func unpack(folder string, files ...string) error {
	for _, f := range files {
		packed, err := os.ReadFile(filepath.Join(folder, f))
		if err != nil {
			return err
		}
		plain, err := encoding.DecompressZSTD(nil, packed)
		if err != nil || len(plain) == 0 {
			reason, _, _ := strings.Cut(fmt.Sprint(err), "; block data")
			return fmt.Errorf("%s does not unpack: %s", filepath.Join(folder, f), reason)
		}
	}
	return nil
}
