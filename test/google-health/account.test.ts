import { OAuthError } from 'passport-fitbit-strategy';
import {
  type Accounts,
  findOrLinkAccount,
  type GoogleHealthProfile,
  GoogleHealthStrategy,
} from 'passport-fitbit-strategy/google-health';
import { describe, expect, it } from 'vitest';
import { login } from '../support/strategy.ts';
import { CALLBACK_URL, CLIENT, startGoogle } from './google.ts';

interface Account {
  id: number;
  healthUserId: string | null;
  fitbitUserId: string | null;
}

/** A table of accounts with both ids unique, each call later, as a database answers. */
class Table implements Accounts<Account> {
  rows: Account[];
  calls: string[] = [];

  constructor(rows: Partial<Account>[] = []) {
    this.rows = rows.map((row, index) => ({ id: index + 1, healthUserId: null, fitbitUserId: null, ...row }));
  }

  async findByHealthUserId(healthUserId: string) {
    await this.#call(`findByHealthUserId ${healthUserId}`);
    return this.rows.find((row) => row.healthUserId === healthUserId);
  }

  async findByLegacyUserId(legacyUserId: string) {
    await this.#call(`findByLegacyUserId ${legacyUserId}`);
    return this.rows.find((row) => row.fitbitUserId === legacyUserId) ?? null;
  }

  async link(account: Account, healthUserId: string) {
    await this.#call(`link ${account.id} ${healthUserId}`);
    this.#unique(healthUserId);
    const row = this.rows.find(({ id }) => id === account.id);
    if (row?.healthUserId === null) row.healthUserId = healthUserId;
  }

  async create({ id, legacyUserId }: GoogleHealthProfile) {
    await this.#call(`create ${id} ${legacyUserId}`);
    this.#unique(id);
    const row = { id: this.rows.length + 1, healthUserId: id, fitbitUserId: legacyUserId ?? null };
    this.rows.push(row);
    return row;
  }

  async #call(name: string) {
    this.calls.push(name);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }

  #unique(healthUserId: string) {
    if (this.rows.some((row) => row.healthUserId === healthUserId))
      throw new Error('UNIQUE constraint failed');
  }
}

function profileOf(id: string, legacyUserId?: string): GoogleHealthProfile {
  const ids = { id, ...(legacyUserId !== undefined && { legacyUserId }) };
  return { provider: 'google-health', ...ids, displayName: '', _json: { identity: {} } };
}

describe('findOrLinkAccount', () => {
  it('finds an account by its healthUserId and asks no further', async () => {
    const table = new Table([{ fitbitUserId: '2E4RVC' }, { healthUserId: '867' }]);
    expect(await findOrLinkAccount(profileOf('867', '2E4RVC'), table)).toMatchObject({ id: 2 });
    expect(table.calls).toEqual(['findByHealthUserId 867']);
  });

  it('finds an account of Fitbit times by its legacyUserId, links it, and gives it as it is then', async () => {
    const table = new Table([{ fitbitUserId: 'AAA111' }, { fitbitUserId: '2E4RVC' }]);
    const account = await findOrLinkAccount(profileOf('867', '2E4RVC'), table);
    expect(account).toEqual({ id: 2, healthUserId: '867', fitbitUserId: '2E4RVC' });
    expect(table.rows).toHaveLength(2);
  });

  it('makes an account for a user whom neither id finds', async () => {
    const table = new Table([{ fitbitUserId: '2E4RVC' }]);
    expect(await findOrLinkAccount(profileOf('867', 'BBB222'), table)).toEqual({
      id: 2,
      healthUserId: '867',
      fitbitUserId: 'BBB222',
    });
  });

  it.each([undefined, ''])('never looks for a legacyUserId that is %j', async (legacyUserId) => {
    const table = new Table([{ fitbitUserId: '' }, { fitbitUserId: null }]);
    const account = await findOrLinkAccount(profileOf('330', legacyUserId), table);
    expect(account.id).toBe(3);
    expect(table.calls.join()).not.toContain('findByLegacyUserId');
  });

  it("refuses an account that is linked to somebody else's Google account, and leaves it as it was", async () => {
    const table = new Table([{ healthUserId: '111', fitbitUserId: '2E4RVC' }]);
    const error = await findOrLinkAccount(profileOf('867', '2E4RVC'), table).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(OAuthError);
    expect(error).toMatchObject({ code: 'account_conflict', retryable: false });
    expect(table.rows).toEqual([{ id: 1, healthUserId: '111', fitbitUserId: '2E4RVC' }]);
  });

  it('is safe when two Google accounts race for one Fitbit account', async () => {
    const table = new Table([{ fitbitUserId: '2E4RVC' }]);
    const [first, second] = await Promise.allSettled([
      findOrLinkAccount(profileOf('867', '2E4RVC'), table),
      findOrLinkAccount(profileOf('111', '2E4RVC'), table),
    ]);
    expect(first).toMatchObject({ status: 'fulfilled', value: { id: 1, healthUserId: '867' } });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'account_conflict' } });
    expect(table.rows).toHaveLength(1);
  });

  it.each(['2E4RVC', undefined])(
    'gives two simultaneous logins of one user one account (Fitbit: %s)',
    async (old) => {
      const table = new Table([{ fitbitUserId: '2E4RVC' }]);
      const accounts = await Promise.all([
        findOrLinkAccount(profileOf('867', old), table),
        findOrLinkAccount(profileOf('867', old), table),
      ]);
      expect(accounts[0]).toEqual(accounts[1]);
      expect(table.rows.filter(({ healthUserId }) => healthUserId === '867')).toHaveLength(1);
    },
  );

  it('lets an error of the database through', async () => {
    const table = new Table([{ fitbitUserId: '2E4RVC' }]);
    table.create = () => Promise.reject(new Error('disk full'));
    table.link = () => Promise.reject(new Error('disk full'));
    await expect(findOrLinkAccount(profileOf('867'), table)).rejects.toThrow('disk full');
    await expect(findOrLinkAccount(profileOf('867', '2E4RVC'), table)).rejects.toThrow('disk full');
  });

  it('takes functions that return no promise', async () => {
    const account = await findOrLinkAccount(profileOf('867'), {
      findByHealthUserId: () => undefined,
      findByLegacyUserId: () => undefined,
      link: () => {},
      create: ({ id }) => ({ id }),
    });
    expect(account).toEqual({ id: '867' });
  });

  it('refuses a profile of Fitbit, whose id is no healthUserId, and one without an id', async () => {
    const table = new Table();
    const fitbit = { ...profileOf('2E4RVC'), provider: 'fitbit' };
    await expect(findOrLinkAccount(fitbit, table)).rejects.toThrow(
      new TypeError('"profile" must be a profile from GoogleHealthStrategy'),
    );
    await expect(findOrLinkAccount(profileOf(''), table)).rejects.toThrow('"profile.id" must be');
    expect(table.calls).toEqual([]);
  });

  it('in a verify function makes a conflict a failure, for the user', async () => {
    const google = await startGoogle();
    const table = new Table([{ healthUserId: '111', fitbitUserId: '2E4RVC' }]);
    const strategy = new GoogleHealthStrategy({
      ...CLIENT,
      callbackURL: CALLBACK_URL,
      ...google.endpoints,
      verify: ({ profile }) => findOrLinkAccount(profile, table),
    });
    expect(await login(strategy)).toEqual({
      type: 'fail',
      failure: {
        message:
          'This Fitbit account is already linked to another Google account. Sign in with that Google account.',
        code: 'account_conflict',
      },
      status: 403,
    });
  });
});
