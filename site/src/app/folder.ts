// Folders that are dropped or chosen: their files, with their paths below the folder.

/** A file of a folder. */
export type FolderFile = { readonly path: string; readonly file: File };

/** A folder; its files are read when they are asked for, in no order. */
export type Folder = { readonly name: string; readonly files: () => Promise<readonly FolderFile[]> };

/** The folder that was dropped, if it is one; a browser gives access to it only while it handles the drop. */
export function droppedFolder(transfer: DataTransfer | null): Folder | undefined {
  const entry = transfer?.items[0]?.webkitGetAsEntry();
  if (!entry?.isDirectory) return undefined;
  return { name: entry.name, files: () => filesOf(entry as FileSystemDirectoryEntry) };
}

/** The folder that was chosen in a dialogue, which lists its files as `FOLDER/PATH`. */
export function chosenFolder(chosen: FileList | null): Folder | undefined {
  const first = chosen?.[0];
  if (!first) return undefined;
  const files = Array.from(chosen, (file) => ({
    path: file.webkitRelativePath.slice(file.webkitRelativePath.indexOf("/") + 1),
    file,
  }));
  return { name: first.webkitRelativePath.split("/", 1)[0] ?? "", files: () => Promise.resolve(files) };
}

async function filesOf(folder: FileSystemDirectoryEntry): Promise<readonly FolderFile[]> {
  const files: FolderFile[] = [];
  const waiting: [folder: FileSystemDirectoryEntry, prefix: string][] = [[folder, ""]];
  for (let next; (next = waiting.pop());) {
    const [place, prefix] = next;
    for (const entry of await children(place)) {
      const path = prefix + entry.name;
      if (entry.isDirectory) waiting.push([entry as FileSystemDirectoryEntry, `${path}/`]);
      else files.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
    }
  }
  return files;
}

/** Reads all entries of a folder, which come in parts; an empty part is the end. */
async function children(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return all;
    all.push(...part);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
