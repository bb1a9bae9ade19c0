import { availableParallelism, cpus } from 'node:os'
import { openBench } from './bench.ts'
import { type Line, toMarkdown } from './line.ts'
import { type Options, readOptions } from './options.ts'
import { rows } from './rows/index.ts'

const say = (text: string) => process.stderr.write(`${text}\n`)

/** Measures the wanted rows one after the other. Every process that was started is stopped, whatever happened. */
async function run({ depth, only }: Options): Promise<readonly Line[]> {
  await using stack = new AsyncDisposableStack()
  const bench = openBench(depth, stack)
  const lines: Line[] = []
  for (const row of rows.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const started = performance.now()
    lines.push(...(await row.measure(bench)))
    say(`${row.name}: ${((performance.now() - started) / 1000).toFixed(0)} s`)
  }
  return lines
}

try {
  const options = readOptions(
    process.argv.slice(2),
    rows.map(({ name }) => name),
  )
  const lines = await run(options)
  const [cpu] = cpus()
  console.log(
    `${options.depth} run, Node ${process.version}, ${String(availableParallelism())} × ${cpu?.model ?? '?'}\n`,
  )
  console.log(toMarkdown(lines))
  process.exit(0)
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exit(1)
}
