#!/usr/bin/env -S node --conditions=@strongroom/source
import { runCli } from './cli.ts'
import { openTerminal } from './terminal/open-terminal.ts'

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: openTerminal(),
  env: process.env,
  now: () => new Date(),
})
