import type { Row } from '../bench.ts'
import { createKey } from './create-key.ts'
import { growth } from './growth.ts'
import { health } from './health.ts'
import { hsmLayer } from './hsm-layer.ts'
import { memory } from './memory.ts'
import { notices } from './notices.ts'
import { openKey } from './open-key.ts'
import { tail } from './tail.ts'
import { unknownKey } from './unknown-key.ts'

export const rows: readonly Row[] = [health, openKey, unknownKey, createKey, hsmLayer, growth, notices, tail, memory]
