import { Button, NumberInput, Select } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { put, route } from '~/api/client'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import styles from './Experiments.module.css'
import type { Mode } from './PathsPage'
import { Problem } from './Problem'
import type { Paths, Weighing } from './trials'

/** What somebody decides in place of what is learnt; for whoever comes from now on. */
export function ModeDialog({ id, step, mode, close }: { id: string; step: Paths; mode: Mode; close: () => void }) {
  const client = useQueryClient()
  const best = step.paths.toSorted((one, other) => other.best - one.best)[0]!
  const [winner, setWinner] = useState(best.path)
  const [shares, setShares] = useState<Record<string, number | string>>(() => inPercent(step))
  const words = wordsOf(mode)
  const say = useMutation({
    mutationFn: () =>
      put<Weighing>(route`/api/adaptive/${id}`, {
        mode,
        winner: mode === 'declared' ? winner : null,
        shares: mode === 'manual' ? Object.fromEntries(Object.entries(shares).map(([path, share]) => [path, tidy(Number(share) / 100)])) : null,
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['adaptive'] })
      close()
    },
  })
  const whole = Object.values(shares).reduce<number>((sum, share) => sum + Number(share), 0)
  const off = mode === 'manual' && Math.abs(whole - 100) > 1e-6
  const chosen = step.paths.find(({ path }) => path === winner)
  return (
    <Dialog onClose={close} title={words.title}>
      <div className={styles.form}>
        <p>{words.what}</p>
        {mode === 'declared' && (
          <>
            <Select label={t('Winner')} data={step.paths.map(({ path, best: chance }) => ({ value: path, label: t('{{path}}, best with a chance of {{chance}}', { path, chance: percent(chance, 0) }) }))} value={winner} onChange={(value) => setWinner(value ?? best.path)} data-autofocus />
            {chosen && chosen.best < 0.95 && <p className={styles.warning}>{t('It is the best with a chance of only {{chance}}. Leaving it to learn costs little.', { chance: percent(chosen.best, 0) })}</p>}
          </>
        )}
        {mode === 'manual' && (
          <>
            {step.paths.map(({ path }) => (
              <NumberInput key={path} label={path} suffix="%" min={0} max={100} decimalScale={2} value={shares[path] ?? 0} onChange={(share) => setShares((now) => ({ ...now, [path]: share }))} />
            ))}
            {off && (
              <p className={styles.problem} role="alert">
                {t('The shares add up to {{share}}; let them be 100%.', { share: percent(whole / 100) })}
              </p>
            )}
          </>
        )}
        <Problem what={t('Nothing was changed.')} error={say.error} />
        <div className={styles.actions}>
          <Button onClick={close}>{t('Leave it as it is')}</Button>
          <Button variant="filled" disabled={off} loading={say.isPending} onClick={() => say.mutate()}>
            {words.button}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

const tidy = (value: number) => Math.round(value * 1e6) / 1e6

/** Whole percent that add up to 100: what is left goes to the largest. */
function inPercent(step: Paths): Record<string, number> {
  const rounded = step.paths.map(({ path, share }) => ({ path, share: Math.floor(share * 100) }))
  const left = 100 - rounded.reduce((sum, { share }) => sum + share, 0)
  const largest = rounded.toSorted((one, other) => other.share - one.share)[0]
  return Object.fromEntries(rounded.map(({ path, share }) => [path, path === largest?.path ? share + left : share]))
}

function wordsOf(mode: Mode): { title: string; what: string; button: string } {
  switch (mode) {
    case 'declared':
      return { title: t('Declare a winner'), what: t('Everybody who comes from now on takes this path, nobody is divided evenly any more, and nothing more is learnt of the others. Who has a path keeps it.'), button: t('Declare winner') }
    case 'frozen':
      return { title: t('Freeze the shares'), what: t('The shares stay as they are for whoever comes from now on. The slice that is divided evenly goes on, so the gain is still measured.'), button: t('Freeze') }
    case 'manual':
      return { title: t('Set shares by hand'), what: t('For whoever comes from now on. Nobody is divided evenly any more, so a path with a share of 0 is not learnt of.'), button: t('Set shares') }
    default:
      return { title: t('Learn again'), what: t('It goes on from all that was seen, and weighs the paths again as people come.'), button: t('Learn again') }
  }
}
