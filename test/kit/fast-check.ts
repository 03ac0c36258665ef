// The same cases in every run, so that a test that fails fails again. Others are tried by
// `PETALTAIL_FUZZ_SEED=$RANDOM npm test -- test/fuzz test/unit`.

import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env.PETALTAIL_FUZZ_SEED ?? 1) })

export { fc }
