/** Who may call the API: keys, sessions, people. */
import { useRefusal } from '../shell/who.ts';
import { PageHead } from '../ui/panel.tsx';
import { IssuerPanel } from './issuers.tsx';
import { KeyPanel } from './key-panel.tsx';
import { PeoplePanel } from './people-panel.tsx';

export function KeysPage() {
  const refusal = useRefusal();
  return (
    <>
      <PageHead
        title="Keys and people"
        lead="Whoever calls the API proves it with one of these, or is logged in."
      />
      <div className="space-y-4">
        <KeyPanel title="Keys and sessions" of={{}} />
        {refusal('listPeople') === null && <PeoplePanel customer={null} />}
        {refusal('listTokenIssuers') === null && <IssuerPanel />}
      </div>
    </>
  );
}
