package iam

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"waybill/internal/arn"
	"waybill/internal/awserr"
)

// Kind is one of the three entities that policies are attached to. Its value is
// the word in ARNs and messages.
type Kind string

// The kinds of entity.
const (
	KindUser  Kind = "user"
	KindGroup Kind = "group"
	KindRole  Kind = "role"
)

// Owner names an entity that policies are attached to.
type Owner struct {
	Kind    Kind
	Account string
	Name    string
}

// kindFacts is what differs between the kinds.
type kindFacts struct {
	title    string // "User", as in quotas' names
	table    string
	columns  string // boundary, tags, linked_service, where the table has them
	inline   inlineTable
	attached attachTable
}

var kinds = map[Kind]kindFacts{
	KindUser:  {"User", "users", "boundary, tags, ''", userInline, userAttached},
	KindGroup: {"Group", "iam_groups", "'', '[]', ''", groupInline, groupAttached},
	KindRole:  {"Role", "roles", "boundary, tags, linked_service", roleInline, roleAttached},
}

// Entity is what users, groups and roles have in common.
type Entity struct {
	Owner
	ID   string
	Path string
	// Boundary is the ARN of the permissions boundary; empty for none and for groups.
	Boundary string
	Tags     []Tag
	// linked is the service of a service-linked role.
	linked string
}

// ARN returns the entity's ARN.
func (e *Entity) ARN() string { return arn.IAM(e.Account, string(e.Kind), e.Path, e.Name) }

func (o Owner) facts() kindFacts { return kinds[o.Kind] }

// missing is the error for an entity that is not there.
func (o Owner) missing() error {
	return noSuch("The %s with name %s cannot be found.", o.Kind, o.Name)
}

// entity returns NoSuchEntity for a name that nobody has.
func (o Owner) entity(ctx context.Context, tx *sql.Tx) (Entity, error) {
	e := Entity{Owner: o}
	var tags string
	f := o.facts()
	row := tx.QueryRowContext(ctx, `SELECT id, path, `+f.columns+` FROM `+f.table+` WHERE account = ? AND name = ?`, o.Account, o.Name)
	err := row.Scan(&e.ID, &e.Path, &e.Boundary, &tags, &e.linked)
	if errors.Is(err, sql.ErrNoRows) {
		return Entity{}, o.missing()
	}
	if err != nil {
		return Entity{}, fmt.Errorf("read %s %s of %s: %w", o.Kind, o.Name, o.Account, err)
	}
	return e, wrap(json.Unmarshal([]byte(tags), &e.Tags), "read tags of %s", e.ID)
}

// Entity returns the entity, or one with the path "/" and nothing else if it is
// not there: permissions on it are then asked for as if it were.
func (s *Service) Entity(ctx context.Context, o Owner) (e Entity, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		e, err = o.entity(ctx, tx)
		return err
	})
	if awserr.HasCode(err, CodeNoSuchEntity) {
		return Entity{Owner: o, Path: "/"}, nil
	}
	return e, err
}

// changeAny runs change on an entity.
func (s *Service) changeAny(ctx context.Context, o Owner, change func(tx *sql.Tx, e *Entity) error) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		e, err := o.entity(ctx, tx)
		if err != nil {
			return err
		}
		return change(tx, &e)
	})
}

// changeEntity runs change on an entity that is not a service-linked role.
func (s *Service) changeEntity(ctx context.Context, o Owner, change func(tx *sql.Tx, e *Entity) error) error {
	return s.changeAny(ctx, o, func(tx *sql.Tx, e *Entity) error {
		if e.linked != "" {
			return unmodifiable(e.Name)
		}
		return change(tx, e)
	})
}

// setColumn writes one column of an entity.
func (e *Entity) setColumn(ctx context.Context, tx *sql.Tx, column string, value any) error {
	_, err := tx.ExecContext(ctx, `UPDATE `+e.facts().table+` SET `+column+` = ? WHERE id = ?`, value, e.ID)
	return wrap(err, "write %s of %s", column, e.ID)
}

// Tag adds or replaces tags of a user or role (IAM TagUser, TagRole). A
// service-linked role may have tags of one's own.
func (s *Service) Tag(ctx context.Context, o Owner, tags []Tag) error {
	title := o.facts().title
	if err := checkTagsOf(title, tags); err != nil {
		return err
	}
	return s.changeAny(ctx, o, func(tx *sql.Tx, e *Entity) error {
		merged := mergeTags(e.Tags, tags)
		if len(merged) > maxTags {
			return tooManyTags(title)
		}
		return e.setTags(ctx, tx, merged)
	})
}

// Untag removes tags of a user or role (IAM UntagUser, UntagRole).
func (s *Service) Untag(ctx context.Context, o Owner, keys []string) error {
	if err := checkTagKeys(keys); err != nil {
		return err
	}
	return s.changeAny(ctx, o, func(tx *sql.Tx, e *Entity) error {
		return e.setTags(ctx, tx, dropTags(e.Tags, keys))
	})
}

func (e *Entity) setTags(ctx context.Context, tx *sql.Tx, tags []Tag) error {
	text, err := encodeTags(tags)
	if err != nil {
		return err
	}
	return e.setColumn(ctx, tx, "tags", text)
}

// Tags returns the tags of a user or role by key (IAM ListUserTags, ListRoleTags).
func (s *Service) Tags(ctx context.Context, o Owner) (tags []Tag, err error) {
	err = s.DB.Read(ctx, func(tx *sql.Tx) error {
		e, err := o.entity(ctx, tx)
		tags = mergeTags(nil, e.Tags)
		return err
	})
	return tags, err
}
