import { drizzle } from 'drizzle-orm/sqlite-proxy';
import Database from 'libsql';
import { tokenStoreConformance } from 'passport-fitbit-strategy/token-manager/conformance';
import { SqliteTokenStore } from 'passport-fitbit-strategy/token-manager/sqlite';
import { describe, expect, test } from 'vitest';
import { DrizzleTokenStore } from '../../examples/token-stores/drizzle.ts';
import { type DynamoDocuments, DynamoTokenStore } from '../../examples/token-stores/dynamodb.ts';
import {
  MongoTokenStore,
  type TokenCollection,
  type TokenDocument,
} from '../../examples/token-stores/mongodb.ts';

// MySQL's recipe is tested on a server, in test/services.

describe('the recipe for Drizzle', () => {
  const database = new Database(':memory:');
  new SqliteTokenStore(database); // makes the table
  const db = drizzle(async (sql, values, method) => {
    const statement = database.prepare(sql).raw();
    const rows = method === 'run' ? [] : statement.all(values);
    if (method === 'run') statement.run(values);
    return { rows };
  });
  for (const { name, run } of tokenStoreConformance(() => new DrizzleTokenStore(db))) test(name, run);
});

/** Understands the filters of the recipe. Each method is one atomic step, as on a server. */
class FakeCollection implements TokenCollection {
  readonly documents = new Map<string, TokenDocument>();
  readonly indexes: object[] = [];

  async createIndex(keys: object) {
    this.indexes.push(keys);
  }

  async findOne({ _id }: { _id: string }) {
    return structuredClone(this.documents.get(_id) ?? null);
  }

  async insertOne(document: TokenDocument) {
    const duplicate = Object.assign(new Error('duplicate key'), { code: 11000 });
    if (this.documents.has(document._id)) throw duplicate;
    if (document.data === '') throw new Error('other');
    this.documents.set(document._id, structuredClone(document));
  }

  async replaceOne({ _id, version }: { _id: string; version: string }, document: Omit<TokenDocument, '_id'>) {
    const matches = this.documents.get(_id)?.version === version;
    if (matches) this.documents.set(_id, structuredClone({ ...document, _id }));
    return { matchedCount: Number(matches) };
  }

  async deleteOne({ _id, version }: { _id: string; version: string }) {
    const matches = this.documents.get(_id)?.version === version;
    if (matches) this.documents.delete(_id);
    return { deletedCount: Number(matches) };
  }

  find({ 'refresh.since': { $lt }, $or: [later, same] }: Filter) {
    const found = [...this.documents.values()].filter(({ _id, refresh, reauthorize }) => {
      if (reauthorize !== undefined || refresh === undefined || refresh.since >= $lt) return false;
      return (
        refresh.since > later['refresh.since'].$gt ||
        (refresh.since === same['refresh.since'] && _id > same._id.$gt)
      );
    });
    const order = (a: TokenDocument, b: TokenDocument) =>
      (a.refresh?.since ?? 0) - (b.refresh?.since ?? 0) || (a._id < b._id ? -1 : 1);
    const sorted = structuredClone(found.sort(order));
    return { sort: () => ({ limit: (count: number) => ({ toArray: async () => sorted.slice(0, count) }) }) };
  }
}

interface Filter {
  'refresh.since': { $lt: number };
  $or: [{ 'refresh.since': { $gt: number } }, { 'refresh.since': number; _id: { $gt: string } }];
}

describe('the recipe for MongoDB', () => {
  const collection = new FakeCollection();
  for (const { name, run } of tokenStoreConformance(() => new MongoTokenStore(collection))) test(name, run);

  test('makes its index, and passes errors on', async () => {
    const store = new MongoTokenStore(collection);
    await store.migrate();
    expect(collection.indexes).toEqual([{ 'refresh.since': 1, _id: 1 }]);
    await expect(store.insert('ann', { version: '1', data: '', expiresAt: 1 })).rejects.toThrow('other');
  });
});

/** Understands the expressions of the recipe. Each method is one atomic step, as in the service. */
class FakeDocuments implements DynamoDocuments {
  readonly items = new Map<unknown, Record<string, unknown>>();

  async get({ Key, ConsistentRead }: { Key: Record<string, unknown>; ConsistentRead: boolean }) {
    expect(ConsistentRead).toBe(true);
    return { Item: structuredClone(this.items.get(Key.userID)) };
  }

  async put({ Item, ...condition }: { Item: Record<string, unknown> } & Condition) {
    this.#check(Item.userID, condition);
    this.items.set(Item.userID, structuredClone(Item));
  }

  async delete({ Key, ...condition }: { Key: Record<string, unknown> } & Condition) {
    this.#check(Key.userID, condition);
    this.items.delete(Key.userID);
  }

  async query({
    ExpressionAttributeValues: values,
    Limit,
  }: {
    ExpressionAttributeValues: Record<string, unknown>;
    Limit: number;
  }) {
    const [from, to] = [String(values[':from']), String(values[':to'])];
    const found = [...this.items.values()].filter(
      ({ unfinished, place }) =>
        unfinished === values[':yes'] && String(place) >= from && String(place) <= to,
    );
    const places = found.map(({ place }) => String(place)).sort();
    return { Items: places.slice(0, Limit).map((place) => ({ place })) };
  }

  #check(userID: unknown, { ConditionExpression, ExpressionAttributeValues }: Condition): void {
    const item = this.items.get(userID);
    const holds =
      ConditionExpression === 'attribute_not_exists(userID)'
        ? item === undefined
        : item !== undefined && item.version === ExpressionAttributeValues?.[':version'];
    const failed = Object.assign(new Error('The condition failed'), {
      name: 'ConditionalCheckFailedException',
    });
    if (!holds) throw failed;
  }
}

interface Condition {
  ConditionExpression: string;
  ExpressionAttributeValues?: Record<string, unknown>;
}

describe('the recipe for DynamoDB', () => {
  const documents = new FakeDocuments();
  for (const { name, run } of tokenStoreConformance(() => new DynamoTokenStore(documents, 'tokens')))
    test(name, run);

  test('passes errors on', async () => {
    const down = new Error('down');
    const broken = Object.assign(new FakeDocuments(), { put: () => Promise.reject(down) });
    const record = { version: '1', data: '', expiresAt: 1 };
    await expect(new DynamoTokenStore(broken, 'tokens').insert('ann', record)).rejects.toBe(down);
  });
});
