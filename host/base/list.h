/* list.h - intrusive doubly linked ring; an empty head points at itself. The caller locks. */
#ifndef BASE_LIST_H
#define BASE_LIST_H
#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};
#define container_of(p, T, member) ((T *)(void *)((char *)(p)-offsetof(T, member)))
#define list_each(it, head)        for (struct list *it = (head)->next; it != (head); it = it->next)
#define list_each_safe(it, head)                                                                               \
    for (struct list *it = (head)->next, *it##_n = it->next; it != (head); it = it##_n, it##_n = it->next)

static inline void
list_init(struct list *l)
{
    l->next = l->prev = l;
}
static inline bool
list_empty(const struct list *l)
{
    return l->next == l;
}
static inline void
list_insert_(struct list *at, struct list *n)
{
    n->prev = at->prev;
    n->next = at;
    at->prev->next = n;
    at->prev = n;
}
static inline void
list_push_back(struct list *head, struct list *n)
{
    list_insert_(head, n);
}
static inline void
list_push_front(struct list *head, struct list *n)
{
    list_insert_(head->next, n);
}
static inline void
list_del(struct list *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    n->next = n->prev = n;
}

#endif
