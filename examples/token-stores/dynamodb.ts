import type { TokenRecord, TokenStore, Unfinished } from 'passport-fitbit-strategy/token-manager';

type Item = Record<string, unknown>;

/** The part of a `DynamoDBDocument` of `@aws-sdk/lib-dynamodb` that the store uses. */
export interface DynamoDocuments {
  get(input: { TableName: string; Key: Item; ConsistentRead: boolean }): Promise<{ Item?: Item | undefined }>;
  put(input: { TableName: string; Item: Item } & Condition): Promise<unknown>;
  delete(input: { TableName: string; Key: Item } & Condition): Promise<unknown>;
  query(input: {
    TableName: string;
    IndexName: string;
    KeyConditionExpression: string;
    ExpressionAttributeValues: Item;
    Limit: number;
  }): Promise<{ Items?: Item[] | undefined }>;
}

interface Condition {
  ConditionExpression: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Item;
}

const INDEX = 'unfinished';
const TIME_LENGTH = 15; // digits

/**
 * A token store on a table of DynamoDB with the partition key `userID` (string), and a global secondary index
 * `unfinished` with the partition key `unfinished` and the sort key `place` (strings, projection KEYS_ONLY). The index
 * follows the table after a moment, which only delays `recover`.
 */
export class DynamoTokenStore implements TokenStore {
  readonly #documents: DynamoDocuments;
  readonly #table: string;

  constructor(documents: DynamoDocuments, table: string) {
    this.#documents = documents;
    this.#table = table;
  }

  async read(userID: string): Promise<TokenRecord | undefined> {
    const input = { TableName: this.#table, Key: { userID }, ConsistentRead: true };
    const { Item } = await this.#documents.get(input);
    return Item && JSON.parse(String(Item.record));
  }

  insert(userID: string, record: TokenRecord): Promise<boolean> {
    const condition = { ConditionExpression: 'attribute_not_exists(userID)' };
    return ifHolds(
      this.#documents.put({ TableName: this.#table, Item: toItem(userID, record), ...condition }),
    );
  }

  replace(userID: string, version: string, record: TokenRecord): Promise<boolean> {
    const Item = toItem(userID, record);
    return ifHolds(this.#documents.put({ TableName: this.#table, Item, ...hasVersion(version) }));
  }

  delete(userID: string, version: string): Promise<boolean> {
    return ifHolds(
      this.#documents.delete({ TableName: this.#table, Key: { userID }, ...hasVersion(version) }),
    );
  }

  async listUnfinished(before: number, limit: number, after?: Unfinished): Promise<Unfinished[]> {
    // BETWEEN includes both ends: nothing is at a place without a user, and the place to continue after is left out.
    const from = after === undefined ? place(0, '') : place(after.since, after.userID);
    const { Items = [] } = await this.#documents.query({
      TableName: this.#table,
      IndexName: INDEX,
      KeyConditionExpression: 'unfinished = :yes AND place BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':yes': 'yes', ':from': from, ':to': place(Math.ceil(before), '') },
      Limit: limit + 1,
    });
    const places = Items.map((item) => String(item.place)).filter((each) => each !== from);
    return places.slice(0, limit).map((each) => ({
      since: Number(each.slice(0, TIME_LENGTH)),
      userID: each.slice(TIME_LENGTH + 1),
    }));
  }
}

function toItem(userID: string, record: TokenRecord): Item {
  const { version, refresh, reauthorize } = record;
  const listed = refresh !== undefined && reauthorize === undefined;
  return {
    userID,
    version,
    record: JSON.stringify(record),
    ...(listed && { unfinished: 'yes', place: place(refresh.since, userID) }),
  };
}

function place(since: number, userID: string): string {
  return `${String(since).padStart(TIME_LENGTH, '0')}:${userID}`;
}

function hasVersion(version: string): Condition {
  return {
    ConditionExpression: '#version = :version',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':version': version },
  };
}

/** Whether the condition of a write held. */
async function ifHolds(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}
