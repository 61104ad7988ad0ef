import type { TokenRecord, TokenStore, Unfinished } from 'passport-fitbit-strategy/token-manager';

/** A record as a document. */
export interface TokenDocument extends TokenRecord {
  _id: string;
}

/** The part of a `Collection<TokenDocument>` of `mongodb` that the store uses. */
export interface TokenCollection {
  createIndex(keys: Record<string, 1>): Promise<unknown>;
  findOne(filter: object): Promise<TokenDocument | null>;
  insertOne(document: TokenDocument): Promise<unknown>;
  replaceOne(filter: object, document: Omit<TokenDocument, '_id'>): Promise<{ matchedCount: number }>;
  deleteOne(filter: object): Promise<{ deletedCount: number }>;
  find(filter: object): {
    sort(order: Record<string, 1>): { limit(count: number): { toArray(): Promise<TokenDocument[]> } };
  };
}

/**
 * A token store on a collection of MongoDB. Open it for durable, linear operations:
 * `db.collection('oauth_tokens', { writeConcern: { w: 'majority', j: true }, readConcern: 'linearizable', readPreference: 'primary' })`.
 */
export class MongoTokenStore implements TokenStore {
  readonly #collection: TokenCollection;

  constructor(collection: TokenCollection) {
    this.#collection = collection;
  }

  /** Makes the index of unfinished refreshes; for the app's migrations. */
  async migrate(): Promise<void> {
    await this.#collection.createIndex({ 'refresh.since': 1, _id: 1 });
  }

  async read(userID: string): Promise<TokenRecord | undefined> {
    const found = await this.#collection.findOne({ _id: userID });
    if (found === null) return undefined;
    const { _id, ...record } = found;
    return record;
  }

  async insert(userID: string, record: TokenRecord): Promise<boolean> {
    try {
      await this.#collection.insertOne({ ...record, _id: userID });
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === DUPLICATE_KEY) return false;
      throw error;
    }
  }

  async replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    const { matchedCount } = await this.#collection.replaceOne({ _id: userID, version }, record);
    return matchedCount === 1;
  }

  async delete(userID: string, version: string): Promise<boolean> {
    const { deletedCount } = await this.#collection.deleteOne({ _id: userID, version });
    return deletedCount === 1;
  }

  async listUnfinished(before: number, limit: number, after?: Unfinished): Promise<Unfinished[]> {
    const { since, userID } = after ?? { since: Number.MIN_SAFE_INTEGER, userID: '' };
    const filter = {
      reauthorize: { $exists: false },
      'refresh.since': { $lt: before },
      $or: [{ 'refresh.since': { $gt: since } }, { 'refresh.since': since, _id: { $gt: userID } }],
    };
    const found = await this.#collection
      .find(filter)
      .sort({ 'refresh.since': 1, _id: 1 })
      .limit(limit)
      .toArray();
    return found.map(({ _id, refresh }) => ({ since: refresh?.since ?? 0, userID: _id }));
  }
}

const DUPLICATE_KEY = 11000;
