import { Link } from '@tanstack/react-router'
import { Chip } from '~/parts/Chip'
import { ForkDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import pageStyles from '~/parts/Page.module.css'
import { Empty } from '~/parts/States'
import tables from '~/parts/Table.module.css'
import { t } from '~/words/language'
import { percent } from '~/words/numbers'
import styles from './Experiments.module.css'
import { modeWords, PathColours } from './paths'
import type { PathsListed } from './trials'

/** Every step that learns, and how it divides people now. */
export function PathsTab({ steps }: { steps: PathsListed[] }) {
  if (steps.length === 0) {
    return (
      <div className={pageStyles.card}>
        <Empty
          title={t('No journey learns yet')}
          drawing={<ForkDrawing />}
          actions={
            <Link to="/journeys" className="link">
              {t('To the journeys')}
            </Link>
          }
        >
          {t('Put a step “Adaptive paths” into a journey: it tries its paths, and sends more and more people down the one that works.')}
        </Empty>
      </div>
    )
  }
  return (
    <div className={tables.block} tabIndex={0} role="region" aria-label={t('Adaptive paths')}>
      <table className={tables.table}>
        <thead>
          <tr>
            <th scope="col">{t('Step')}</th>
            <th scope="col">{t('Mode')}</th>
            <th scope="col">{t('Share of people')}</th>
            <th scope="col">{t('Most people go')}</th>
            <th scope="col">{t('Weighed')}</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => (
            <Row key={step.experiment} step={step} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ step }: { step: PathsListed }) {
  const shares = step.last?.shares ?? Object.fromEntries(step.paths.map((path) => [path, 1 / step.paths.length]))
  const [best = '', share = 0] = Object.entries(shares).toSorted(([, one], [, other]) => other - one)[0] ?? []
  const [tone, word] = modeWords(step.last?.mode ?? 'learning')
  return (
    <tr>
      <td>
        <Link to="/experiments/paths/$id" params={{ id: step.experiment }} className={`${tables.name} ${styles.nameCell} cut`}>
          {step.experiment}
        </Link>
      </td>
      <td>
        <Chip tone={tone} dot>
          {word}
        </Chip>
      </td>
      <td>
        <PathColours paths={step.paths} shares={shares} />
      </td>
      <td>{step.last ? t('{{path}}, {{share}}', { path: best, share: percent(share, 0) }) : <span className="faint">{t('Evenly, until it is known better')}</span>}</td>
      <td className="quiet">{step.last ? <Ago at={step.last.at} /> : t('Not yet')}</td>
    </tr>
  )
}
