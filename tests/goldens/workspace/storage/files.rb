require "digest"
require "fileutils"

# Files on the local disk.
module Files
  # Find files of equal content by their checksums.
  def self.duplicates(folder)
    Dir.glob("#{folder}/**/*").select { |path| File.file?(path) }
       .group_by { |path| Digest::SHA256.file(path).hexdigest }
       .values.select { |paths| paths.size > 1 }
  end

  # Write to a temporary file and rename it, so that readers never see half of it.
  def self.atomic_write(path, content)
    temporary = "#{path}.tmp"
    File.write(temporary, content)
    File.rename(temporary, path)
  end

  # Say a number of bytes as people do: 1.5 MB.
  def self.human_size(bytes)
    units = %w[B kB MB GB TB]
    step = bytes.zero? ? 0 : (Math.log(bytes) / Math.log(1000)).floor
    format("%.1f %s", bytes / 1000.0**step, units[step])
  end
end
