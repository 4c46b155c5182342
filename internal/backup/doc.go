// Package backup writes a backup of a data folder and restores one.
//
// A backup is a folder of plain files, laid out as the data folder is, and
// backup.json, which lists each with its length and SHA-256 hash. Databases are
// whole files without logs beside them. It is written under another name
// and renamed once all of it is on disk, so a backup that is there is complete;
// Restore checks every hash before it puts a data folder in place, also by
// renaming. Instead of a folder a backup may be one tar file of it.
package backup
