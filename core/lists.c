/* SPDX-License-Identifier: MIT */
/* lists.c: option values of the form "head,key=value,flag", and the scalars in them. */
#include "core/options.h"

#include <errno.h>
#include <string.h>

/* The text up to the next single comma, doubled ones made one; *at moves behind it, to NULL at
 * the end. */
static char *next_item(const char **at)
{
    GString *item = g_string_new(NULL);
    const char *p = *at;
    for (; *p; p++) {
        if (*p == ',') {
            if (p[1] != ',')
                break;
            p++;
        }
        g_string_append_c(item, *p);
    }
    *at = *p ? p + 1 : NULL;
    return g_string_free(item, false);
}

void option_list_set(struct option_list *l, const char *name, const char *value)
{
    struct bp_set set = { g_strdup(name), g_strdup(value) };
    g_array_append_val(l->sets, set);
}

struct option_list *option_list_parse(const char *option, const char *text)
{
    struct option_list *l = g_new0(struct option_list, 1);
    l->option = g_strdup(option);
    l->text = g_strdup(text);
    l->sets = g_array_new(false, false, sizeof(struct bp_set));
    const char *at = text;
    for (bool first = true; at; first = false) {
        char *item = next_item(&at), *value = strchr(item, '=');
        if (value) {
            *value++ = '\0';
            option_list_set(l, item, value);
        } else if (first) {
            l->head = *item ? g_strdup(item) : NULL;
        } else if (*item) {
            option_list_set(l, item, "on");
        }
        g_free(item);
    }
    return l;
}

struct option_list *option_list_copy(const struct option_list *l)
{
    struct option_list *copy = g_new0(struct option_list, 1);
    copy->option = g_strdup(l->option);
    copy->text = g_strdup(l->text);
    copy->head = g_strdup(l->head);
    copy->sets = g_array_new(false, false, sizeof(struct bp_set));
    for (unsigned i = 0; i < l->sets->len; i++) {
        const struct bp_set *s = &g_array_index(l->sets, struct bp_set, i);
        option_list_set(copy, s->name, s->value);
    }
    return copy;
}

static void set_clear(struct bp_set *s)
{
    g_free((char *)(uintptr_t)s->name);
    g_free((char *)(uintptr_t)s->value);
}

void option_list_free(struct option_list *l)
{
    if (!l)
        return;
    for (unsigned i = 0; i < l->sets->len; i++)
        set_clear(&g_array_index(l->sets, struct bp_set, i));
    g_array_unref(l->sets);
    g_free(l->option);
    g_free(l->text);
    g_free(l->head);
    g_free(l);
}

const char *option_list_get(const struct option_list *l, const char *name)
{
    for (unsigned i = l ? l->sets->len : 0; i > 0; i--) {
        const struct bp_set *s = &g_array_index(l->sets, struct bp_set, i - 1);
        if (!strcmp(s->name, name))
            return s->value;
    }
    return NULL;
}

bool option_list_asks_help(const struct option_list *l)
{
    return option_list_get(l, "help") || option_list_get(l, "?");
}

char *option_list_take(struct option_list *l, const char *name)
{
    char *value = NULL;
    for (unsigned i = l ? l->sets->len : 0; i > 0; i--) {
        struct bp_set *s = &g_array_index(l->sets, struct bp_set, i - 1);
        if (strcmp(s->name, name))
            continue;
        if (!value) /* the last one counts */
            value = g_strdup(s->value);
        option_list_remove(l, i - 1);
    }
    return value;
}

void option_list_remove(struct option_list *l, unsigned index)
{
    set_clear(&g_array_index(l->sets, struct bp_set, index));
    g_array_remove_index(l->sets, index);
}

bool parse_bool(const char *text, bool *ret)
{
    static const char *const yes[] = { "on", "true", "yes", "y" };
    static const char *const no[] = { "off", "false", "no", "n" };
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++) {
        if (!strcmp(text, yes[i]) || !strcmp(text, no[i])) {
            *ret = !strcmp(text, yes[i]);
            return true;
        }
    }
    return false;
}

int option_list_take_bool(struct option_list *l, const char *name, bool def, bool *ret)
{
    char *value = option_list_take(l, name);
    *ret = def;
    int r = 0;
    if (value && !parse_bool(value, ret))
        r = core_error(EINVAL, "%s %s: %s takes on or off, not '%s'", l->option, l->text, name,
                       value);
    g_free(value);
    return r;
}

bool parse_size(const char *text, uint64_t unit, uint64_t *ret)
{
    static const char letters[] = "BKMGTPE";
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    uint64_t n = g_ascii_strtoull(text, &end, text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10);
    if (errno)
        return false;
    if (*end) {
        const char *letter = strchr(letters, g_ascii_toupper(*end));
        if (!letter)
            return false;
        unit = UINT64_C(1) << (10 * (letter - letters));
        end++;
        if (unit > 1 && g_ascii_strcasecmp(end, "iB") == 0)
            end += 2;
        if (*end)
            return false;
    }
    return !__builtin_mul_overflow(n, unit, ret);
}
