// This file walks Go types as Kubernetes' JSON decoder does.
package main

import (
	"encoding"
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

var (
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// table collects a line for each struct that the roots reach.
type table struct {
	line map[string]string
	of   map[string]reflect.Type
}

func newTable() *table {
	return &table{line: map[string]string{}, of: map[string]reflect.Type{}}
}

func (t *table) lines() []string {
	var lines []string
	for key, fields := range t.line {
		lines = append(lines, key+"\t"+fields)
	}
	slices.Sort(lines)
	return lines
}

// shape returns what may stand where typ is wanted.
func (t *table) shape(typ reflect.Type) string {
	switch pointer := reflect.PointerTo(typ); {
	case pointer.Implements(jsonUnmarshaler):
		return "custom(" + typ.Name() + ")"
	case pointer.Implements(textUnmarshaler):
		panic(fmt.Sprintf("%v reads text, which the table has no shape for", typ))
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return t.shape(typ.Elem())
	case reflect.Bool, reflect.String, reflect.Int32, reflect.Int64:
		return typ.Kind().String()
	case reflect.Slice:
		if typ.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "list(" + t.element(typ.Elem()) + ")"
	case reflect.Map:
		if typ.Key().Kind() != reflect.String {
			panic(fmt.Sprintf("%v has keys that are no strings", typ))
		}
		return "map(" + t.element(typ.Elem()) + ")"
	case reflect.Struct:
		return "struct(" + t.structure(typ) + ")"
	default:
		panic(fmt.Sprintf("the table has no shape for %v", typ))
	}
}

// element returns GOTYPE:SHAPE.
func (t *table) element(typ reflect.Type) string {
	return printed(typ) + ":" + t.shape(typ)
}

// printed is the type's name in errors: that of what pointers lead to.
func printed(typ reflect.Type) string {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	return typ.String()
}

// structure writes the line of a struct and returns its key.
func (t *table) structure(typ reflect.Type) string {
	key := keyOf(typ)
	if known, found := t.of[key]; found {
		if known != typ {
			panic(fmt.Sprintf("%v and %v share the key %s", known, typ, key))
		}
		return key
	}
	t.of[key] = typ
	fields := t.fields(typ, "")
	slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	var texts []string
	for i, field := range fields {
		if i > 0 && fields[i-1].name == field.name {
			panic(fmt.Sprintf("%v has two fields %s", typ, field.name))
		}
		texts = append(texts, field.name+field.rest)
	}
	t.line[key] = strings.Join(texts, ",")
	return key
}

var version = regexp.MustCompile(`^v[0-9]+((alpha|beta)[0-9]+)?$`)

// keyOf names a struct by its package without version, k8s.io/api/core/v1 → core:
// no struct is reached in two versions.
func keyOf(typ reflect.Type) string {
	folder := typ.PkgPath()
	if version.MatchString(path.Base(folder)) {
		folder = path.Dir(folder)
	}
	return path.Base(folder) + "." + typ.Name()
}

// field is a FIELD of the table: its JSON name, and what follows it.
type field struct {
	name, rest string
}

// fields lists a struct's fields, those of embedded structs among them.
func (t *table) fields(typ reflect.Type, embedded string) []field {
	var fields []field
	for i := range typ.NumField() {
		member := typ.Field(i)
		name, options, _ := strings.Cut(member.Tag.Get("json"), ",")
		switch {
		case slices.Contains(strings.Split(options, ","), "string"):
			panic(fmt.Sprintf("%v.%s is quoted, which the table has no shape for", typ, member.Name))
		case name == "-":
		case name == "" && member.Anonymous:
			within := "@" + member.Name
			if embedded != "" {
				within = embedded + "." + member.Name
			}
			fields = append(fields, t.fields(member.Type, within)...)
		case !member.IsExported():
		case name == "":
			panic(fmt.Sprintf("%v.%s has no JSON name", typ, member.Name))
		default:
			fields = append(fields, field{name, embedded + ":" + t.element(member.Type)})
		}
	}
	return fields
}
