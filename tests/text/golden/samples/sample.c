/*
 * Copyright (C) Igor Sysoev
 */

#include <stdio.h>
#include "list.h"

#define LIMIT 10
#define MAX(a, b) \
    ((a) > (b) ? (a) : (b))

typedef struct node_s node_t;

/* One node of a list. */
struct node_s {
    node_t *next;
    int value;
};

typedef struct {
    int a;
} pair_t;

typedef enum { RED, GREEN } color_t;

enum level {
    LOW,
    HIGH
};

static int count(node_t *n);
int total;

/*
 * Counts nodes.
 */
static int
count(node_t *n)
{
    int i = 0;
    for (; n; n = n->next) i++;
    return i;
}

#ifdef DEBUG
// Prints.
static const char **names(void) {
    return NULL;
}
#endif

void (*get_handler(int sig))(int)
{
    return 0;
}

static command_t commands[] = {
    { "a", 1 },
    { "b", 2 },
};
