// @ts-check
/**
 * A small client for pages that send responses. No dependency; runs in browsers and in Node 20 and newer.
 *
 * Fetch what is in the field, check answers as the server will, send them once however often the connection breaks.
 * What is checked here is a courtesy to the person: the server checks everything again.
 *
 * @module
 */

/** @typedef {string | number | boolean} Scalar */
/** @typedef {Scalar | string[] | null} Answer */
/** @typedef {Record<string, Answer>} Answers */
/** @typedef {{item: string, in: Scalar[]} | {all: Condition[]} | {any: Condition[]} | {not: Condition}} Condition */
/** @typedef {Record<string, any>} Schema  JSON Schema of `answers`, from `.../versions/{n}/schema` */
/** @typedef {{pointer: string, code: string}} Fault */
/**
 * @typedef {object} Response
 * @property {string} [id]  a UUID of version 4; made when it is missing
 * @property {string} group
 * @property {string | null} [school]
 * @property {string | null} [locale]
 * @property {Answers} answers
 * @property {string} [instrument]
 * @property {string} [access_code]
 */
/** @typedef {{id: string, wave: string, group: string, school: string | null, instrument: string, withdrawal_code: string}} Receipt */

/** The server will not take the response as it is: sending it again changes nothing. */
export class Refused extends Error {
  /** @param {number} status @param {any} problem  the problem document, see `GET /problems` */
  constructor(status, problem) {
    super(problem?.title ?? `refused with ${status}`);
    this.name = "Refused";
    this.status = status;
    this.problem = problem;
  }
}

/** Nobody knows whether the response has arrived: send the same body with the same id again, later. */
export class Unsent extends Error {
  /** @param {string} reason @param {number} [after]  seconds to wait at least */
  constructor(reason, after = 0) {
    super(reason);
    this.name = "Unsent";
    this.after = after;
  }
}

const AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);

export class Client {
  /**
   * @param {object} options
   * @param {string} options.base  such as `https://soundings.example.org/v1`
   * @param {string} options.key  a publishable collector key
   * @param {typeof fetch} [options.fetch]
   * @param {number} [options.timeout]  milliseconds that one try may take
   * @param {(milliseconds: number) => Promise<void>} [options.sleep]
   */
  constructor({ base, key, fetch: send = fetch.bind(globalThis), timeout = 20_000, sleep = wait }) {
    this.base = base.replace(/\/$/, "");
    this.key = key;
    this.fetch = send;
    this.timeout = timeout;
    this.sleep = sleep;
  }

  /** The questionnaire: sections, items, scales and words. @param {string} reference  such as `family@1` */
  instrument(reference) {
    return this.#read(version(reference));
  }

  /** The JSON Schema of its answers. @param {string} reference  such as `family@1` @returns {Promise<Schema>} */
  schema(reference) {
    return this.#read(`${version(reference)}/schema`);
  }

  /** The open waves that the key serves. @returns {Promise<any[]>} */
  async waves() {
    return (await this.#read("/waves")).items;
  }

  /**
   * Send a response, once, and try again while nobody knows whether it has arrived.
   *
   * @param {string} wave
   * @param {Response} response
   * @param {number} [tries]
   * @returns {Promise<Receipt>}
   * @throws {Refused | Unsent}
   */
  async send(wave, response, tries = 4) {
    const body = { ...response, id: response.id ?? crypto.randomUUID() };
    for (let failed = 1; ; failed++) {
      try {
        return await this.once(wave, body);
      } catch (error) {
        if (!(error instanceof Unsent) || failed >= tries) throw error;
        // Twice as long each time, and not all pages at once.
        await this.sleep(Math.max(error.after * 1000, 500 * 2 ** failed * (0.5 + Math.random())));
      }
    }
  }

  /** One try. @param {string} wave @param {Response} body @returns {Promise<Receipt>} @throws {Refused | Unsent} */
  async once(wave, body) {
    let reply, content;
    try {
      reply = await this.fetch(`${this.base}/waves/${encodeURIComponent(wave)}/responses`, {
        method: "POST",
        headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(this.timeout),
      });
      content = await reply.json();
    } catch (error) {
      if (reply && !reply.ok && !AGAIN.has(reply.status)) throw new Refused(reply.status, null);
      throw new Unsent(String(error)); // no connection, a time-out, or a reply that was cut off
    }
    if (reply.status === 200 || reply.status === 201) return content;
    if (AGAIN.has(reply.status)) throw new Unsent(content?.title ?? "", Number(reply.headers.get("retry-after")) || 0);
    throw new Refused(reply.status, content);
  }

  /** @param {string} path @returns {Promise<any>} */
  async #read(path) {
    const reply = await this.fetch(this.base + path, {
      headers: { Authorization: `Bearer ${this.key}` },
      signal: AbortSignal.timeout(this.timeout),
    });
    if (!reply.ok) throw new Refused(reply.status, await reply.json().catch(() => null));
    return reply.json();
  }
}

/** @param {string} reference */
function version(reference) {
  const [key, number] = reference.split("@");
  return `/instruments/${key}/versions/${number}`;
}

/** @param {number} milliseconds @returns {Promise<void>} */
function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

// ------------------------------------------------------------------ skip logic
/**
 * Tell whether an item with this `show_if` is shown; give only answers of items that are shown themselves.
 *
 * @param {Condition | undefined} condition @param {Answers} answers @returns {boolean}
 */
export function isShown(condition, answers) {
  if (!condition) return true;
  if ("all" in condition) return condition.all.every((part) => isShown(part, answers));
  if ("any" in condition) return condition.any.some((part) => isShown(part, answers));
  if ("not" in condition) return !isShown(condition.not, answers);
  const given = answers[condition.item];
  if (given === undefined || given === null) return false;
  return (Array.isArray(given) ? given : [given]).some((value) => condition.in.includes(value));
}

/**
 * Leave out the answers to items that are not shown, as the server wants them. A form calls it at every change.
 *
 * @param {Schema} schema @param {Answers} answers @returns {Answers}
 */
export function shownAnswers(schema, answers) {
  /** @type {Answers} */
  const kept = {};
  for (const [key, property] of inOrder(schema)) {
    if (Object.hasOwn(answers, key) && isShown(property["x-show-if"], kept)) kept[key] = answers[key];
  }
  return kept;
}

/**
 * Give the items so that each comes after those that its skip logic looks at. That is the order in which they are asked,
 * but JavaScript puts keys such as "12" first.
 *
 * @param {Schema} schema @returns {[string, any][]}
 */
function inOrder(schema) {
  /** @type {Set<string>} */
  const placed = new Set();
  /** @param {string} key */
  const place = (key) => {
    if (placed.has(key)) return;
    lookedAt(schema.properties[key]["x-show-if"]).forEach(place);
    placed.add(key);
  };
  Object.keys(schema.properties).forEach(place);
  return [...placed].map((key) => [key, schema.properties[key]]);
}

/** @param {Condition | undefined} condition @returns {string[]} */
function lookedAt(condition) {
  if (!condition) return [];
  if ("item" in condition) return [condition.item];
  if ("not" in condition) return lookedAt(condition.not);
  return ("all" in condition ? condition.all : condition.any).flatMap(lookedAt);
}

// ------------------------------------------------------------------ checking
/**
 * List what the server would not take, item by item; an empty list means that it takes the answers.
 *
 * @param {Schema} schema @param {Answers} answers @returns {Fault[]}
 */
export function faults(schema, answers) {
  /** @type {Fault[]} */
  const found = [];
  /** @type {Answers} */
  const sound = {};
  for (const [key, property] of inOrder(schema)) {
    const value = Object.hasOwn(answers, key) ? answers[key] : null;
    const given = value !== null && value !== undefined;
    const required = property["x-required"] ?? schema.required.includes(key);
    /** @param {string} code */
    const fault = (code) => found.push({ pointer: pointer(key), code });
    if (!isShown(property["x-show-if"], sound)) {
      if (given) fault("not_shown");
    } else if (!given) {
      if (required) fault("required");
    } else if (validates(property, value)) sound[key] = value;
    else fault("invalid");
  }
  for (const key of Object.keys(answers)) {
    if (!Object.hasOwn(schema.properties, key)) found.push({ pointer: pointer(key), code: "unknown_item" });
  }
  return found;
}

/** @param {string} key */
const pointer = (key) => `/answers/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;

/**
 * Validate by JSON Schema (2020-12), as much of it as the server's schemas use. `format: date` is asserted.
 *
 * @param {any} schema @param {any} value @returns {boolean}
 */
export function validates(schema, value) {
  return Object.keys(schema).every((word) => (KEYWORDS[word] ? KEYWORDS[word](schema[word], value, schema) : true));
}

/** @param {any} value */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
/** @param {any} a @param {any} b */
const same = (a, b) => a === b || (typeof a === "object" && JSON.stringify(a) === JSON.stringify(b));
/** @type {Record<string, (value: any) => boolean>} */
const TYPES = {
  null: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  array: Array.isArray,
  object: isObject,
};

/** @type {Record<string, (expected: any, value: any, schema: any) => boolean>} */
const KEYWORDS = {
  type: (type, value) => TYPES[type](value),
  enum: (values, value) => values.some((/** @type {any} */ one) => same(one, value)),
  anyOf: (schemas, value) => schemas.some((/** @type {any} */ one) => validates(one, value)),
  allOf: (schemas, value) => schemas.every((/** @type {any} */ one) => validates(one, value)),
  not: (schema, value) => !validates(schema, value),
  if: (condition, value, schema) => {
    const branch = validates(condition, value) ? schema.then : schema.else;
    return branch === undefined || validates(branch, value);
  },
  minimum: (least, value) => typeof value !== "number" || value >= least,
  maximum: (most, value) => typeof value !== "number" || value <= most,
  maxLength: (most, value) => typeof value !== "string" || [...value].length <= most, // code points, not UTF-16 units
  pattern: (pattern, value) => typeof value !== "string" || new RegExp(pattern, "u").test(value),
  format: (format, value) => format !== "date" || typeof value !== "string" || isDay(value),
  items: (schema, value) => !Array.isArray(value) || value.every((one) => validates(schema, one)),
  contains: (schema, value) => !Array.isArray(value) || value.some((one) => validates(schema, one)),
  uniqueItems: (_, value) =>
    !Array.isArray(value) || value.every((one, i) => value.findIndex((other) => same(one, other)) === i),
  required: (keys, value) => !isObject(value) || keys.every((/** @type {string} */ key) => Object.hasOwn(value, key)),
  properties: (schemas, value) =>
    !isObject(value) || Object.keys(schemas).every((key) => !Object.hasOwn(value, key) || validates(schemas[key], value[key])),
  additionalProperties: (more, value, schema) =>
    more !== false || !isObject(value) || Object.keys(value).every((key) => Object.hasOwn(schema.properties, key)),
};

/** @param {string} text */
function isDay(text) {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!parts || parts[1] === "0000") return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
