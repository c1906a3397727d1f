/* bank - a transfer that fails half way leaves all money in place, shown twice.
 *
 *   bank             all accounts in one map: withdraw and deposit are one turn; when it fails, the host
 *                    undoes it
 *   account, clerk   an actor an account: the clerk asks one to withdraw, then the other to deposit, and
 *                    gives the money back when the second does not take it
 */
#define ACTOR_NAMESPACE "bank"
#include <actor/actor.h>

enum { NO_ACCOUNT = 1, POWER_CUT };                          /* codes of failed turns */
enum { IDLE, WITHDRAWING, DEPOSITING, RETURNING, IN_DOUBT }; /* steps of the clerk */
#define DEPOSIT(F)  F(str, account) F(i64, amount, .flags = ACTOR_REQUIRED)
#define WITHDRAW(F) F(i64, amount, .flags = ACTOR_REQUIRED)
#define TRANSFER(F) F(str, from) F(str, to) F(i64, amount, .flags = ACTOR_REQUIRED) F(bool, fail_midway)
#define BALANCE(F)  F(str, account)
#define RECEIPT(F)  F(bool, done) F(i64, balance)
#define LEDGER(F)   F(u32, step) F(u64, paid) F(u64, returned) F(u64, refused)
#define BANK(F)     F(map(str, i64), accounts)
#define ACCOUNT(F)  F(i64, balance)
#define CLERK(F)    LEDGER(F) F(ref, from) F(ref, to) F(i64, amount)
ACTOR_MESSAGE(deposit, 1, DEPOSIT)
ACTOR_MESSAGE(withdraw, 1, WITHDRAW)
ACTOR_MESSAGE(transfer, 1, TRANSFER)
ACTOR_MESSAGE(balance, 1, BALANCE)
ACTOR_MESSAGE(receipt, 1, RECEIPT)
ACTOR_MESSAGE(ledger, 1, LEDGER)
ACTOR_SIGNAL(total, 1)
ACTOR_SIGNAL(query, 1)
ACTOR_STATE(bank, 1, BANK)
ACTOR_STATE(account, 1, ACCOUNT)
ACTOR_STATE(clerk, 1, CLERK)

ACTOR_ON(bank, deposit, ctx, self, m)
{
    const int64_t *has = actor_get(ctx, &self->accounts, m->account);
    const int64_t now = (has ? *has : 0) + m->amount;

    actor_put(ctx, &self->accounts, m->account, now);
    actor_reply(ctx, receipt, .done = 1, .balance = now);
    return ACTOR_OK;
}
ACTOR_ON(bank, transfer, ctx, self, m)
{
    const int64_t *from = actor_get(ctx, &self->accounts, m->from);

    if (from == NULL || *from < m->amount) {
        actor_reply(ctx, receipt, .done = 0, .balance = from ? *from : 0);
        return ACTOR_OK;
    }
    actor_put(ctx, &self->accounts, m->from, *from - m->amount);
    if (m->fail_midway) /* the money has left one account and reached no other: the host undoes the turn */
        return actor_fail(ctx, POWER_CUT, "power cut between withdraw and deposit");

    const int64_t *to = actor_get(ctx, &self->accounts, m->to);
    if (to == NULL)
        return actor_fail(ctx, NO_ACCOUNT, "no account '%.*s'", ACTOR_STR_ARG(m->to));
    actor_put(ctx, &self->accounts, m->to, *to + m->amount);
    actor_reply(ctx, receipt, .done = 1, .balance = *actor_get(ctx, &self->accounts, m->from));
    return ACTOR_OK;
}
ACTOR_ON(bank, balance, ctx, self, m)
{
    const int64_t *has = actor_get(ctx, &self->accounts, m->account);

    actor_reply(ctx, receipt, .done = has != NULL, .balance = has ? *has : 0);
    return ACTOR_OK;
}
ACTOR_ON(bank, total, ctx, self, m)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < self->accounts.n; i++)
        sum += self->accounts.v[i].value;
    actor_reply(ctx, receipt, .done = 1, .balance = sum);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(bank, ACTOR_ROW(bank, deposit), ACTOR_ROW(bank, transfer), ACTOR_ROW(bank, balance),
                ACTOR_ROW(bank, total))

ACTOR_ON(account, deposit, ctx, self, m)
{
    self->balance += m->amount;
    actor_reply(ctx, receipt, .done = 1, .balance = self->balance);
    return ACTOR_OK;
}
ACTOR_ON(account, withdraw, ctx, self, m)
{
    const actor_bool enough = self->balance >= m->amount;

    self->balance -= enough ? m->amount : 0;
    actor_reply(ctx, receipt, .done = enough, .balance = self->balance);
    return ACTOR_OK;
}
ACTOR_ON(account, balance, ctx, self, m)
{
    actor_reply(ctx, receipt, .done = 1, .balance = self->balance);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(account, ACTOR_ROW(account, deposit), ACTOR_ROW(account, withdraw),
                ACTOR_ROW(account, balance))

/* from and to are the paths of account actors. One transfer at a time: the next waits in the stash. */
ACTOR_ON(clerk, transfer, ctx, self, m)
{
    if (self->step != IDLE)
        return ACTOR_STASH;
    self->step = WITHDRAWING;
    self->from = actor_lookup(ctx, m->from);
    self->to = actor_lookup(ctx, m->to);
    self->amount = m->amount;
    if (actor_ask(ctx, self->from, receipt, 5000, WITHDRAWING, withdraw, .amount = m->amount) < 0)
        return actor_fail(ctx, NO_ACCOUNT, "no account '%.*s'", ACTOR_STR_ARG(m->from));
    return ACTOR_OK;
}
static actor_result
clerk_done(actor_ctx *ctx, clerk *self, uint64_t *count)
{
    ++*count;
    self->step = IDLE;
    actor_unstash_all(ctx);
    return ACTOR_OK;
}
/* Put the money into to, or back into from. */
static actor_result
clerk_deposit(actor_ctx *ctx, clerk *self, uint32_t step, actor_ref to)
{
    self->step = step;
    if (actor_ask(ctx, to, receipt, 5000, step, deposit, .amount = self->amount) < 0)
        return step == DEPOSITING
                   ? clerk_deposit(ctx, self, RETURNING, self->from)
                   : actor_fail(ctx, NO_ACCOUNT, "nobody to return %lld to", (long long)self->amount);
    return ACTOR_OK;
}
ACTOR_ON(clerk, receipt, ctx, self, m)
{
    if (self->step == WITHDRAWING)
        return m->done ? clerk_deposit(ctx, self, DEPOSITING, self->to)
                       : clerk_done(ctx, self, &self->refused);
    return clerk_done(ctx, self, self->step == DEPOSITING ? &self->paid : &self->returned);
}
ACTOR_ON(clerk, actor_ask_failed, ctx, self, m)
{
    if (m->code != ACTOR_E_TIMEOUT && self->step == WITHDRAWING)
        return clerk_done(ctx, self, &self->refused);
    if (m->code != ACTOR_E_TIMEOUT && self->step == DEPOSITING)
        return clerk_deposit(ctx, self, RETURNING, self->from);
    self->step =
        IN_DOUBT; /* no answer is not a no: only a person can tell, so this clerk takes no more transfers */
    actor_log_error(ctx, "a transfer of %lld is in doubt", (long long)self->amount);
    return ACTOR_OK;
}
ACTOR_ON(clerk, query, ctx, self, m)
{
    actor_reply(ctx, ledger, .step = self->step, .paid = self->paid, .returned = self->returned,
                .refused = self->refused);
    return ACTOR_OK;
}
ACTOR_BEHAVIOUR(clerk, ACTOR_ROW(clerk, transfer), ACTOR_ROW(clerk, receipt),
                ACTOR_ROW(clerk, actor_ask_failed), ACTOR_ROW(clerk, query))
ACTOR_PLUGIN("bank", "1.0.0", &bank_behaviour, &account_behaviour, &clerk_behaviour)
