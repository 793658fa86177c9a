import { Button, Menu } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Download, MoreHorizontal } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useMay } from '~/api/may'
import { TopBar } from '~/frame/TopBar'
import { saveSheet } from '~/parts/charts/files'
import { StateChip } from '~/parts/Chip'
import { CopyButton } from '~/parts/CopyButton'
import { CopyItem } from '~/parts/CopyItem'
import { useNow } from '~/parts/Moment'
import { Page } from '~/parts/Page'
import { Answered, Waiting } from '~/parts/States'
import { useNarrow } from '~/parts/useNarrow'
import { t } from '~/words/language'
import { asSheet, asText } from './copied'
import { EndDialog } from './EndDialog'
import { ExperimentDialog } from './ExperimentDialog'
import { HowBar } from './HowBar'
import { LookDialog } from './LookDialog'
import { PlannerDialog } from './PlannerDialog'
import { StartDialog } from './StartDialog'
import { TrialBody } from './TrialBody'
import { experiment, type How, trial, trials } from './trials'
import { verdictOf } from './verdict'

const here = getRouteApi('/experiments/$id')
const PARENT = { to: '/experiments', label: t('Experiments') } as const

/** One trial: what it says, what that means, and everything it is made of. */
export function TrialPage() {
  const { id } = here.useParams()
  const search = here.useSearch()
  const navigate = here.useNavigate()
  const now = useNow()
  const how: How = { reading: search.reading, as_of: search.as_of, adjust: search.adjust, trait: search.trait, segments: search.segments, exposed_by: search.of }
  const query = useQuery(trial(id, how))
  const listed = useQuery({ ...trials, select: (all) => all.find((each) => each.id === id) }).data
  // Only of an experiment that stands by itself: whatever else is tried belongs to a journey, campaign or template.
  const document = useQuery({ ...experiment(id), enabled: listed?.kind === 'experiment' }).data
  const name = listed?.name ?? id
  const read = query.data
  // On a phone there is room for one action; the others stand in the menu, where there is one.
  const narrow = useNarrow() && listed?.kind === 'experiment'
  const copied = read && { label: t('Copy as text'), text: () => asText(name, read, verdictOf(read, now)) }
  const sheet = read && { leftSection: <Download size={14} aria-hidden="true" />, onClick: () => saveSheet(`trial-${id.replace(/[^\w.-]+/g, '-')}`, asSheet(read)), children: t('CSV') }
  return (
    <>
      <TopBar
        title={name}
        {...(listed?.kind === 'experiment' ? { about: `experiment:${id}` } : {})}
        parent={PARENT}
        beside={listed && <StateChip state={listed.state} />}
      >
        {copied && !narrow && <CopyButton {...copied} />}
        {sheet && !narrow && <Button {...sheet} />}
        {document && (
          <Acts id={id} state={document.heading.state}>
            {copied && narrow && <CopyItem {...copied} />}
            {sheet && narrow && <Menu.Item {...sheet} />}
          </Acts>
        )}
      </TopBar>
      <Page>
        {read && <HowBar trial={read} how={search} change={(next) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true })} busy={query.isPlaceholderData} />}
        <Answered query={query} what={t('This trial was not read')} parent={PARENT} waiting={<Waiting rows={8} height={64} />}>
          {(data) => (
            <TrialBody
              id={id}
              trial={data}
              listed={listed}
              document={document}
              how={how}
              search={search}
              change={(next) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true })}
            />
          )}
        </Answered>
      </Page>
    </>
  )
}

/** What may be done with an experiment; `children` are items of its menu that there is no room for beside it. */
function Acts({ id, state, children }: { id: string; state: string; children: ReactNode }) {
  const may = useMay()
  const [dialog, setDialog] = useState<'start' | 'end' | 'change' | 'plan' | 'look' | null>(null)
  const close = () => setDialog(null)
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button aria-label={t('More')} px={7}>
            <MoreHorizontal size={15} aria-hidden="true" />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setDialog('plan')}>{t('Plan how many people')}</Menu.Item>
          {may('people:read') && <Menu.Item onClick={() => setDialog('look')}>{t('What does somebody get')}</Menu.Item>}
          {may(state === 'draft' ? 'decisions:write' : 'decisions:publish') && state !== 'stopped' && <Menu.Item onClick={() => setDialog('change')}>{t('Change it')}</Menu.Item>}
          {children}
        </Menu.Dropdown>
      </Menu>
      {may('decisions:publish') ? (
        <>
          {state === 'draft' && (
            <Button variant="filled" onClick={() => setDialog('start')}>
              {t('Start')}
            </Button>
          )}
          {state === 'running' && (
            <Button variant="filled" onClick={() => setDialog('end')}>
              {t('End it')}
            </Button>
          )}
        </>
      ) : (
        state !== 'stopped' && (
          <Button disabled title={t('An owner or admin can grant it in Settings, Accounts.')}>
            {state === 'draft' ? t('Start') : t('End it')}
          </Button>
        )
      )}
      {dialog === 'start' && <StartDialog id={id} close={close} />}
      {dialog === 'end' && <EndDialog id={id} close={close} />}
      {dialog === 'change' && <ExperimentDialog id={id} close={close} />}
      {dialog === 'look' && <LookDialog id={id} close={close} />}
      {dialog === 'plan' && <PlannerDialog id={id} close={close} />}
    </>
  )
}
