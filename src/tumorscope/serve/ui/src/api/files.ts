/** What was dropped or chosen, as a flat list of files with their paths. */

export interface ChosenFile {
  /** Path below the dropped folder. The folder's own name often holds a patient's name
   * and is left out. */
  name: string;
  file: File;
}

/** Return the files of a drop, folders walked to their ends. */
export async function filesOfDrop(items: DataTransferItemList): Promise<ChosenFile[]> {
  // Entries must be taken before the first await: the list is emptied after the event.
  const entries = [...items]
    .filter((item) => item.kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found: ChosenFile[] = [];
  for (const { entry, file } of entries) {
    if (entry?.isDirectory) await walk(entry as FileSystemDirectoryEntry, "", found);
    else if (file) found.push({ name: file.name, file });
  }
  return tidy(found);
}

export function filesOfInput(list: FileList): ChosenFile[] {
  return tidy(
    [...list].map((file) => {
      const parts = file.webkitRelativePath.split("/").filter(Boolean);
      return { name: parts.length > 1 ? parts.slice(1).join("/") : file.name, file };
    }),
  );
}

async function walk(
  folder: FileSystemDirectoryEntry,
  path: string,
  found: ChosenFile[],
): Promise<void> {
  const reader = folder.createReader();
  for (;;) {
    // A reader gives at most a hundred entries at a time.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (entries.length === 0) return;
    for (const entry of entries) {
      const name = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory) await walk(entry as FileSystemDirectoryEntry, name, found);
      else found.push({ name, file: await fileOf(entry as FileSystemFileEntry) });
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** Sorted by name, without what operating systems leave in folders. */
function tidy(files: ChosenFile[]): ChosenFile[] {
  return files
    .filter(({ name, file }) => file.size > 0 && !/(^|\/)(\.|Thumbs\.db$|desktop\.ini$)/.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
