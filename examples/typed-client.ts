/**
 * A survey from first to last with the typed TypeScript client: fielded, answered, closed, and read.
 *
 * The client is made by `scripts/clients`. Everything is simulated; run it against a server of your own (Node 22.18 or
 * newer runs TypeScript as it stands):
 *
 *     npm install ./clients/typescript
 *     SOUNDINGS_URL=http://127.0.0.1:8000 SOUNDINGS_KEY=snd_... node typed-client.ts rehearsal
 */
import { soundings, type Document } from "soundings-client";

declare const process: { argv: string[]; env: Record<string, string> };

const agree: Document["Scale"] = {
  options: [
    { value: "disagree", score: 1, label: { en: "Disagree" } },
    { value: "agree", score: 2, label: { en: "Agree" }, favorable: true },
  ],
};
const survey: Document["Instrument"] = {
  key: "typed-example",
  group: "family",
  title: { en: "An example" },
  default_locale: "en",
  scales: { agree2: agree },
  constructs: [{ key: "welcome", title: { en: "Welcome" }, setting: "school" }],
  sections: [
    {
      key: "main",
      title: { en: "Your school" },
      items: [
        { key: "at_home", kind: "rating", scale: "agree2", construct: "welcome",
          text: { en: "I feel at home at this school." } },
      ],
    },
  ],
};

/** Take the data of a reply; of a problem, say what it says. */
function must<T>({ data, error }: { data?: T; error?: Document["Problem"] }): T {
  if (data === undefined) throw new Error(error ? `${error.title}: ${error.detail}` : "an unexpected reply");
  return data;
}

/** Say what a cell shows. A withheld one has no number, and none may be made up for it. */
function told(cell: Document["ConstructOut"]["cells"][number]): string {
  const percent = (share: number): string => `${Math.round(100 * share)}%`;
  if (cell.status === "protected") return "withheld";
  if (!("mean" in cell)) {
    return `${percent(cell.favorable.low)} to ${percent(cell.favorable.high)} favorable, n = ${cell.n}`;
  }
  const share = cell.favorable?.share ?? null;
  return `${share === null ? "" : `${percent(share)} favorable, `}n = ${cell.n}`;
}

async function main(wave: string): Promise<void> {
  const client = soundings(process.env.SOUNDINGS_URL!, process.env.SOUNDINGS_KEY!);
  const path = { wave };
  const school = must(
    await client.PUT("/v1/schools/{school}", {
      params: { path: { school: "erving" } },
      body: { name: "Erving Elementary" },
    }),
  );
  const made = must(await client.POST("/v1/instruments", { body: survey }));
  must(
    await client.PUT("/v1/waves/{wave}", {
      params: { path },
      body: {
        title: "A rehearsal",
        simulated: true,
        opens_at: new Date(Date.now() - 60_000).toISOString(),
        closes_at: new Date(Date.now() + 86_400_000).toISOString(),
        time_zone: "America/New_York",
        schools: [school.key],
        instruments: { family: `${made.key}@${made.version}` },
      },
    }),
  );
  for (const answer of [...Array(9).fill("agree"), ...Array(3).fill("disagree")]) {
    const body: Document["ResponseIn"] = {
      id: crypto.randomUUID(), group: "family", school: school.key, answers: { at_home: answer },
    };
    must(await client.POST("/v1/waves/{wave}/responses", { params: { path }, body }));
  }
  must(await client.POST("/v1/waves/{wave}/close", { params: { path } }));

  const query = { construct: ["welcome"] };
  const summary = must(await client.GET("/v1/waves/{wave}/summary", { params: { path, query } }));
  console.log(`${summary.title}, release ${summary.release.number}${summary.simulated ? ", simulated" : ""}`);
  for (const construct of summary.constructs) {
    for (const cell of construct.cells) {
      console.log(`${construct.title}, ${cell.group}, ${cell.school ?? "all schools"}: ${told(cell)}`);
    }
  }
}

await main(process.argv[2] ?? "rehearsal");
