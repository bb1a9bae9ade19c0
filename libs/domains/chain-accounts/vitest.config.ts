import { testsOf } from '../../../vitest.shared.ts'

export default testsOf('chain-accounts', { postgres: true })
