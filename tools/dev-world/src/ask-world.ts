import { usualPlaces } from './places.ts'
import { readWorldFile, type WorldFile } from './world-file.ts'

const nothingRuns = 'No development world runs here: npm start brings one up.'

function complain(problem: string, code: number): void {
  console.error(problem)
  process.exitCode = code
}

/**
 * A command that asks a part of the running world: prints what it answers, or one line that says what is wrong. Exits with
 * 2 where `request` could not be read, with 1 where nobody answers.
 */
export async function askWorld<Request>(
  request: Request | undefined,
  says: { readonly usage: string; readonly lacking: string },
  part: { of(world: WorldFile): string | undefined; ask(url: string, request: Request): Promise<string> },
): Promise<void> {
  if (request === undefined) return complain(says.usage, 2)
  const world = readWorldFile(usualPlaces)
  const url = world && part.of(world)
  if (url === undefined) return complain(world ? says.lacking : nothingRuns, 1)
  try {
    console.log(await part.ask(url, request))
  } catch (error) {
    // A world that was killed leaves its file behind: nobody listens there, and `fetch` says so with a TypeError.
    complain(error instanceof TypeError ? nothingRuns : String(error), 1)
  }
}
