import { neededOn } from '@strongroom/hsm'
import { appNames, needsOf, withApp } from '../apps.ts'
import { type ExitCode, exitCodes, Unusable } from '../outcome.ts'
import type { Context } from '../context.ts'
import { readPin } from '../pin.ts'
import { stateDirectory } from '../state-directory.ts'
import { withAppTokens } from './app-subjects.ts'
import { type Asked, type Examination, examine } from './examine.ts'
import { reportOf } from './report.ts'
import { everySubject, makerOf, moduleSubject, type Subject } from './subjects.ts'
import { ownToken } from './own-token.ts'

export interface DoctorOptions {
  readonly module?: string
  readonly parameters?: string
  readonly token?: string
  readonly pinFile?: string
  readonly profile?: string
  readonly stateDirectory?: string
  readonly app?: string
  readonly json?: boolean
  readonly forDocuments?: boolean
}

/** Looks at modules and tokens, and says what to mend. Leaves nothing on them. */
export async function runDoctor(options: DoctorOptions, context: Context): Promise<ExitCode> {
  const { terminal } = context
  const { app } = options
  const examined =
    app === undefined
      ? await examineAll(await anyWishes(options, context), context)
      : await withAppTokens({ ...options, app }, context, (wishes) => examineAll(wishes, context))
  terminal.say(
    options.json === true
      ? JSON.stringify({ modules: examined }, undefined, 2)
      : reportOf(examined, options.forDocuments === true ? 'document' : 'operator'),
  )
  return examined.every(({ verdict }) => verdict === 'fine') ? exitCodes.fine : exitCodes.mend
}

export interface Wish {
  readonly subject: Subject
  readonly asked: readonly Asked[]
  readonly demanded: 'all' | 'any'
}

async function examineAll(wishes: readonly Wish[], { terminal }: Context): Promise<readonly Examination[]> {
  const examined: Examination[] = []
  for (const { subject, asked, demanded } of wishes) {
    terminal.tell(`looking at ${subject.name}`)
    examined.push(await examine(subject, { asked, demanded }))
  }
  return examined
}

async function anyWishes(options: DoctorOptions, context: Context): Promise<readonly Wish[]> {
  const asked = await Promise.all(
    appNames.map((app) => withApp(app, (service) => ({ app, needs: neededOn('first', needsOf(service)) }))),
  )
  return (await subjectsOf(options, context)).map((subject) => ({ subject, asked, demanded: 'any' }))
}

async function subjectsOf(options: DoctorOptions, context: Context): Promise<readonly Subject[]> {
  const { module: path, parameters: libraryParameters, token: label } = options
  if (path === undefined) {
    if (label !== undefined || libraryParameters !== undefined)
      throw new Unusable('say on which module: --module /path/lib.so')
    const found = everySubject(context.env)
    if (found.length === 0) throw new Unusable('no PKCS#11 module was found: name one with --module /path/lib.so')
    return found
  }
  const module = { path, ...(libraryParameters !== undefined && { libraryParameters }) }
  if (label === undefined) {
    if (options.pinFile !== undefined) throw new Unusable('a PIN is of a token: --token names it')
    return [moduleSubject(module)]
  }
  const pin = await readPin(context.terminal, { token: label, pinFile: options.pinFile })
  const latched = stateDirectory(options.stateDirectory, context.env)
  return [
    {
      name: `${makerOf(path) ?? path}, token "${label}"`,
      kind: 'own',
      look: { module, token: ownToken({ label, pin, profile: options.profile }, latched) },
    },
  ]
}
