import { Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { MoreHorizontal } from 'lucide-react'
import { useState } from 'react'
import { useMay } from '~/api/may'
import { TopBar } from '~/frame/TopBar'
import { Chip } from '~/parts/Chip'
import { CopyButton } from '~/parts/CopyButton'
import { CopyItem } from '~/parts/CopyItem'
import { LiveMark } from '~/parts/Live'
import { Page, Section } from '~/parts/Page'
import { Answered, Waiting } from '~/parts/States'
import { useNarrow } from '~/parts/useNarrow'
import { t } from '~/words/language'
import { duration, full } from '~/words/moments'
import { percent } from '~/words/numbers'
import styles from './Experiments.module.css'
import { ModeDialog } from './ModeDialog'
import { modeWords } from './paths'
import { PathsTable } from './PathsTable'
import { PathsVerdict } from './PathsVerdict'
import { SharesCard } from './SharesCard'
import { type Paths, pathStep } from './trials'
import { WeighingLog } from './WeighingLog'

const here = getRouteApi('/experiments/paths/$id')
const PARENT = { to: '/experiments', label: t('Experiments') } as const

/** One step that learns: how people are divided, what is known of its paths, and why it changed. */
export function PathsPage() {
  const { id } = here.useParams()
  const query = useQuery(pathStep(id))
  const data = query.data
  const [tone, word] = modeWords(data?.mode ?? 'learning')
  return (
    <>
      <TopBar
        title={id}
        parent={PARENT}
        beside={
          data && (
            <>
              <Chip tone={tone} dot>
                {word}
              </Chip>
              <LiveMark />
            </>
          )
        }
      >
        {data && <Acts id={id} step={data} />}
      </TopBar>
      <Page>
        <Answered query={query} what={t('This step did not load')} parent={PARENT} waiting={<Waiting rows={8} height={64} />}>
          {(step) => <Body step={step} />}
        </Answered>
      </Page>
    </>
  )
}

function Body({ step }: { step: Paths }) {
  return (
    <>
      <PathsVerdict step={step} />
      <SharesCard step={step} />
      <Section title={t('What is known of each path')} note={t('Per person, in units of what the goals are worth')}>
        <PathsTable step={step} />
      </Section>
      <Section title={t('Change log')} note={t('Every weighing, newest first, and why')}>
        <WeighingLog step={step} />
      </Section>
      <Section title={t('What it is')}>
        <dl className={styles.facts}>
          <div>
            <dt>{t('Journey')}</dt>
            <dd>
              <Link to="/journeys/$id" params={{ id: step.journey }} className="link">
                {step.journey}
              </Link>
              , {t('version {{version}}', { version: step.version })}
            </dd>
          </div>
          <div>
            <dt>{t('Goals')}</dt>
            <dd>
              {step.goals.map(({ event, within_seconds, worth, value }) => (
                <div key={event}>
                  {value
                    ? t('{{event}} within {{time}}, worth {{worth}} × its {{value}}', { event, time: duration(within_seconds), worth, value })
                    : t('{{event}} within {{time}}, worth {{worth}}', { event, time: duration(within_seconds), worth })}
                </div>
              ))}
            </dd>
          </div>
          <div>
            <dt>{t('Divided evenly, whatever is learnt')}</dt>
            <dd>{t('{{share}} of people', { share: percent(step.slice, 0) })}</dd>
          </div>
          <div>
            <dt>{t('Read as of')}</dt>
            <dd>{full(step.as_of)}</dd>
          </div>
          <div>
            <dt>{t('Reckoned by')}</dt>
            <dd>{t('Holdfast {{version}}', { version: step.code_version })}</dd>
          </div>
        </dl>
      </Section>
    </>
  )
}

export type Mode = 'declared' | 'frozen' | 'manual' | 'learning'

/** The last word is somebody's: freeze, declare, by hand, or learn again. */
function Acts({ id, step }: { id: string; step: Paths }) {
  const may = useMay()
  // On a phone there is room for what decides; the other stands in the menu.
  const narrow = useNarrow()
  const copied = { label: t('Copy as text'), text: () => asText(id, step) }
  const [asked, setAsked] = useState<Mode | null>(null)
  if (!may('decisions:publish')) {
    return (
      <>
        <CopyButton {...copied} />
        <Button disabled title={t('An owner or admin can grant it in Settings, Accounts.')}>
          {t('Declare winner')}
        </Button>
      </>
    )
  }
  return (
    <>
      {!narrow && <CopyButton {...copied} />}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button aria-label={t('More')} px={7}>
            <MoreHorizontal size={15} aria-hidden="true" />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {step.mode !== 'frozen' && <Menu.Item onClick={() => setAsked('frozen')}>{t('Freeze the shares')}</Menu.Item>}
          <Menu.Item onClick={() => setAsked('manual')}>{t('Set shares by hand')}</Menu.Item>
          {narrow && <CopyItem {...copied} />}
        </Menu.Dropdown>
      </Menu>
      {step.mode !== 'learning' && <Button onClick={() => setAsked('learning')}>{t('Learn again')}</Button>}
      <Button variant="filled" onClick={() => setAsked('declared')}>
        {t('Declare winner')}
      </Button>
      {asked && <ModeDialog id={id} step={step} mode={asked} close={() => setAsked(null)} />}
    </>
  )
}

function asText(id: string, step: Paths): string {
  const paths = step.paths.map(({ path, share, people, best }) =>
    t('{{path}}: {{share}} of people, {{people}} so far, best with a chance of {{best}}', { path, share: percent(share, 0), people, best: percent(best, 0) }),
  )
  return [id, '', step.words, '', ...paths, '', full(step.as_of)].join('\n')
}
