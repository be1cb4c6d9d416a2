# Turns the Markdown pages of the handbook into HTML.
class HandbookBuilder
  def initialize(source, target)
    @source = source
    @target = target
  end

  # Render every page and copy the pictures.
  def build_pages
    Dir.glob("#{@source}/**/*.md").each do |page|
      html = render_markdown(File.read(page))
      File.write(page.sub(@source, @target).sub(/\.md$/, ".html"), html)
    end
  end
end
