/* SPDX-License-Identifier: MIT */
/* cpus.c: which target, model and features the vCPUs have: -cpu, -smp, the board's default. */
#include "core/graph.h"

#include "core/loader.h"
#include "core/machine.h"

#include <errno.h>
#include <string.h>

const struct bp_target *graph_cpu_target(struct graph *g, const char *id)
{
    if (!*id || !strcmp(id, g->target->head.id))
        return g->target;
    return (const void *)entity_get(BP_KIND_TARGET, id);
}

static const struct bp_cpu_model *find_model(const struct bp_target *t, const char *name)
{
    for (uint32_t i = 0; i < t->models.count; i++) {
        const struct bp_cpu_model *m = &((const struct bp_cpu_model *)t->models.row)[i];
        if (!strcmp(m->name, name))
            return m;
    }
    return NULL;
}

/* The targets that a user of this board may choose from: its own first, then others of the same
 * plugin. */
static GPtrArray *candidates(const char *id)
{
    GPtrArray *list = g_ptr_array_new();
    const struct bp_target *own = (const void *)entity_get(BP_KIND_TARGET, id);
    const struct entity_info *info = entity_find(BP_KIND_TARGET, id);
    if (!own)
        return list;
    g_ptr_array_add(list, (void *)(uintptr_t)own);
    for (unsigned i = 0; info && i < info->file->manifest->entities->len; i++) {
        const struct manifest_entity *e = info->file->manifest->entities->pdata[i];
        if (e->kind != BP_KIND_TARGET || !strcmp(e->id, id))
            continue;
        bool failed;
        const void *t = entity_try(BP_KIND_TARGET, e->id, &failed);
        if (t)
            g_ptr_array_add(list, (void *)(uintptr_t)t);
    }
    return list;
}

static int unknown_model(const struct graph *g, const GPtrArray *targets, const char *name)
{
    GPtrArray *names = g_ptr_array_new();
    for (unsigned i = 0; i < targets->len; i++) {
        const struct bp_target *t = targets->pdata[i];
        for (uint32_t j = 0; j < t->models.count; j++)
            g_ptr_array_add(names, (void *)(uintptr_t)
                            ((const struct bp_cpu_model *)t->models.row)[j].name);
    }
    g_ptr_array_add(names, NULL);
    char hint[128];
    int r = core_error(ENOENT, "-cpu: machine %s has no CPU model '%s'%s; -cpu help lists them",
                       g->board->head.id, name,
                       did_you_mean(name, (char *const *)names->pdata, hint, sizeof hint));
    g_ptr_array_unref(names);
    return r;
}

static int take_model(struct graph *g, const char *default_target, const char *name)
{
    GPtrArray *targets = candidates(default_target);
    if (!targets->len) {
        g_ptr_array_unref(targets);
        return -ENOENT;
    }
    g->target = targets->pdata[0];
    g->model = g->target->models.count ? g->target->models.row : NULL;
    int r = 0;
    if (name) {
        g->model = NULL;
        for (unsigned i = 0; i < targets->len && !g->model; i++) {
            g->model = find_model(targets->pdata[i], name);
            if (g->model)
                g->target = targets->pdata[i];
        }
        if (!g->model)
            r = unknown_model(g, targets, name);
    }
    g_ptr_array_unref(targets);
    return r;
}

/* "feature=on", "+feature", "-feature", "feature". */
static int take_features(struct graph *g, const struct option_list *l)
{
    for (unsigned i = 0; i < l->sets->len; i++) {
        const struct bp_set *s = &g_array_index(l->sets, struct bp_set, i);
        if (s->name[0] == '+')
            graph_set(g->cpu_sets, s->name + 1, "on");
        else if (s->name[0] == '-')
            graph_set(g->cpu_sets, s->name + 1, "off");
        else
            graph_set(g->cpu_sets, s->name, s->value);
    }
    return 0;
}

/* The default by the name that the program was called by: a target of that name beside the
 * board's own. */
static char *default_target(const struct graph *g, const char *own)
{
    const char *word = g->options->machine ? g->options->machine->head : NULL;
    const struct entity_info *board = entity_find(BP_KIND_BOARD, g->board->head.id);
    const char *alias = word && board ? entity_alias(board->manifest, word) : NULL;
    const char *cpu = alias ? strchr(alias, ':') : NULL;
    if (cpu)
        return g_strdup(cpu + 1);
    const char *at = alias ? strchr(alias, '@') : NULL;
    if (at && loader_preselect()) {
        const struct entity_info *a = entity_find(BP_KIND_TARGET, loader_preselect());
        const struct entity_info *b = entity_find(BP_KIND_TARGET, own);
        if (a && b && a->file == b->file)
            return g_strdup(loader_preselect());
    }
    return NULL;
}

int graph_choose_cpu(struct graph *g)
{
    const struct bp_board *b = g->board;
    const char *text = b->default_cpu;
    uint32_t min = b->min_cpus ? b->min_cpus : 1, max = MAX(b->max_cpus, min);
    g->cpus = g->options->cpus ? g->options->cpus : min;
    if (g->cpus < min || g->cpus > max)
        return min == max ? core_error(EINVAL, "-smp %u: machine %s takes %u vCPU%s", g->cpus,
                                       b->head.id, max, max == 1 ? "" : "s")
                          : core_error(EINVAL, "-smp %u: machine %s takes %u to %u vCPUs", g->cpus,
                                       b->head.id, min, max);
    for (uint32_t i = 0; !text && i < b->parts.count; i++) {
        const struct bp_part *p = &((const struct bp_part *)b->parts.row)[i];
        if (p->kind == BP_PART_CPU && p->device && *p->device)
            text = p->device;
    }
    int r = 0;
    if (b->choose_target)
        r = b->choose_target(g->part->state, &text);
    if (r < 0)
        g->fail_status = r == -ENOENT ? 127 : 126;
    if (r < 0)
        return r;
    if (!text)
        return core_error(EINVAL, "machine %s names no CPU", b->head.id);
    char *own = g_strndup(text, strcspn(text, ","));
    char *other = default_target(g, own);
    char **words = g_strsplit(other ? other : text, ",", 2);
    struct option_list *l = g->options->cpu ? option_list_parse("-cpu", g->options->cpu) : NULL;
    if (l && !l->head)
        r = core_error(EINVAL, "-cpu %s: the first word must be a CPU model; -cpu help lists them",
                       g->options->cpu);
    else
        r = take_model(g, words[0], l ? l->head : words[1]);
    if (!r && l)
        r = take_features(g, l);
    option_list_free(l);
    g_free(other);
    g_free(own);
    g_strfreev(words);
    return r;
}
