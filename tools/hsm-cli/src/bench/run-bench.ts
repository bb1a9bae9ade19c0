import { benchToken, type Benched, type TokenToBench } from '@strongroom/hsm/inspection'
import type { Context } from '../context.ts'
import { ownToken } from '../doctor/own-token.ts'
import { everySubject, makerOf } from '../doctor/subjects.ts'
import { table } from '../markdown.ts'
import { type ExitCode, exitCodes, Unusable } from '../outcome.ts'
import { readPin } from '../pin.ts'
import { stateDirectory } from '../state-directory.ts'

export interface BenchOptions {
  readonly module?: string
  readonly parameters?: string
  readonly token?: string
  readonly pinFile?: string
  readonly profile?: string
  readonly stateDirectory?: string
  readonly executor?: string
  readonly sessions?: string
  readonly milliseconds?: string
  readonly json?: boolean
}

interface Subject {
  readonly name: string
  readonly subject: TokenToBench
}

/** Rates on each token, beside OpenSSL’s of the same primitives in the same run: machines differ, their ratio less so. */
export async function runBench(options: BenchOptions, context: Context): Promise<ExitCode> {
  const { terminal } = context
  const results: (Benched & { readonly name: string })[] = []
  for (const { name, subject } of await subjectsOf(options, context)) {
    terminal.tell(`measuring ${name}`)
    results.push({ name, ...(await benchToken(subject)) })
  }
  terminal.say(options.json === true ? JSON.stringify({ tokens: results }, undefined, 2) : reportOf(results))
  return results.every(({ failure }) => failure === undefined) ? exitCodes.fine : exitCodes.mend
}

async function subjectsOf(options: BenchOptions, context: Context): Promise<readonly Subject[]> {
  const { module: path, parameters: libraryParameters, token: label } = options
  const how = howOf(options)
  if (path === undefined) {
    if (label !== undefined) throw new Unusable('say on which module: --module /path/lib.so')
    const found = everySubject(context.env).flatMap(({ name, look: { module, token } }) =>
      token === undefined ? [] : [{ name, subject: { ...how, module, token } }],
    )
    if (found.length === 0) throw new Unusable('no PKCS#11 module was found: name one with --module /path/lib.so')
    return found
  }
  const module = { path, ...(libraryParameters !== undefined && { libraryParameters }) }
  const maker = makerOf(path)
  if (label === undefined) {
    if (maker === undefined) throw new Unusable('how to make a throw-away token there is not known: --token names one')
    return [{ name: maker, subject: { ...how, module, token: maker } }]
  }
  const pin = await readPin(context.terminal, { token: label, pinFile: options.pinFile })
  const own = ownToken({ label, pin, profile: options.profile }, stateDirectory(options.stateDirectory, context.env))
  return [{ name: `token "${label}"`, subject: { ...how, module, token: own } }]
}

const executors = ['auto', 'inline', 'process'] as const

function howOf({ executor: wanted = 'auto', sessions = '8', milliseconds = '1000' }: BenchOptions) {
  const executor = executors.find((one) => one === wanted)
  if (executor === undefined) throw new Unusable(`--executor is one of ${executors.join(', ')}`)
  return {
    executor,
    sessions: whole('--sessions', sessions, 64),
    milliseconds: whole('--milliseconds', milliseconds, 60_000),
  }
}

function whole(option: string, text: string, most: number): number {
  const number = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0
  if (number === 0 || number > most) throw new Unusable(`${option} is a number from 1 to ${String(most)}`)
  return number
}

const reportOf = (results: readonly (Benched & { readonly name: string })[]): string =>
  ['# Rates', ...results.map(sectionOf)].join('\n\n')

const sectionOf = ({ name, rates, executor, failure }: Benched & { readonly name: string }): string =>
  [
    `## ${name}`,
    ...(executor === undefined ? [] : [`Worked with ${executor === 'inline' ? 'inline' : 'in a process of its own'}.`]),
    table(
      ['operation', 'strategy', 'a second', 'OpenSSL, a second', 'ratio'],
      rates.map(({ operation, strategy, perSecond, opensslPerSecond, ratio }) => [
        operation,
        strategy,
        Math.round(perSecond).toString(),
        Math.round(opensslPerSecond).toString(),
        ratio.toPrecision(2),
      ]),
    ),
    ...(failure === undefined ? [] : [`It ended early: ${failure}`]),
  ].join('\n\n')
